import { quantile } from "../../harness/statistics.ts";
import { nowUs } from "../../harness/time.ts";
import type { LoadResult } from "./job.ts";

/** Counts answers and times them. */
export type Tally = {
  answered(status: number, dueUs: number): void;
  /** Notes by how much a request was sent later than it was due. */
  sent(dueUs: number): void;
  result(): LoadResult;
};

/** A tally of a job that starts now. */
export const createTally = (seconds: number): Tally => {
  const startedUs = nowUs();
  const latenciesMs: number[] = [];
  const latesMs: number[] = [];
  const refused: Record<string, number> = {};
  const perSecond = Array.from({ length: Math.ceil(seconds) }, () => 0);
  let acceptedInTime = 0;
  return {
    sent: (dueUs) => latesMs.push((nowUs() - dueUs) / 1000),
    answered: (status, dueUs) => {
      if (status !== 200) {
        refused[status] = (refused[status] ?? 0) + 1;
        return;
      }
      const atUs = nowUs();
      latenciesMs.push((atUs - dueUs) / 1000);
      const elapsedSeconds = (atUs - startedUs) / 1e6;
      if (elapsedSeconds >= seconds) return;
      acceptedInTime += 1;
      const second = Math.floor(elapsedSeconds);
      perSecond[second] = (perSecond[second] ?? 0) + 1;
    },
    result: () => ({
      accepted: latenciesMs.length,
      acceptedInTime,
      refused,
      startedUs,
      p50Ms: quantile(latenciesMs, 0.5),
      p99Ms: quantile(latenciesMs, 0.99),
      maxMs: quantile(latenciesMs, 1),
      lateP99Ms: quantile(latesMs, 0.99),
      perSecond,
    }),
  };
};
