import { z } from "zod";

import type { Client, MadeSource } from "../../harness/client.ts";
import { pause } from "../../harness/time.ts";

/** A replay as the API shows it. */
export type Job = {
  readonly id: string;
  readonly status: "running" | "completed" | "cancelled" | "failed";
  readonly total: number;
  readonly queued: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly skipped: number;
};

const answer: z.ZodType<{ data: Job }> = z.object({
  data: z.object({
    id: z.string(),
    status: z.enum(["running", "completed", "cancelled", "failed"]),
    total: z.int(),
    queued: z.int(),
    succeeded: z.int(),
    failed: z.int(),
    cancelled: z.int(),
    skipped: z.int(),
  }),
});

/** What a replay takes: fields of the API. */
export type JobWish = Readonly<Record<string, unknown>>;

const lookMs = 50;
const endedMsMax = 60_000;

/** A client that asks about replays of a source. */
export type Jobs = {
  start(wish: JobWish): Promise<Job>;
  get(id: string): Promise<Job>;
  cancel(id: string): Promise<Job>;
  resume(id: string): Promise<Job>;
  /** Waits until every delivery that was made has ended. @throws {Error} when nothing moves for a minute. */
  untilEnded(id: string): Promise<Job>;
};

const ended = ({ succeeded, failed, cancelled }: Job): number => succeeded + failed + cancelled;

/** Asks through a client. */
export const jobsOf = ({ call }: Client, { id: sourceId }: MadeSource): Jobs => {
  const path = `/sources/${sourceId}/replays`;
  const ask = async (method: string, rest: string, body?: object): Promise<Job> =>
    answer.parse(await call(method, `${path}${rest}`, body)).data;
  const get = (id: string): Promise<Job> => ask("GET", `/${id}`);
  return {
    start: (wish) => ask("POST", "", wish),
    get,
    cancel: (id) => ask("DELETE", `/${id}`),
    resume: (id) => ask("POST", `/${id}/resume`),
    untilEnded: async (id) => {
      let job = await get(id);
      let movedMs = performance.now();
      while (job.status === "running" || ended(job) < job.queued) {
        await pause(lookMs);
        const next = await get(id);
        if (ended(next) > ended(job) || next.queued > job.queued) movedMs = performance.now();
        job = next;
        if (performance.now() - movedMs > endedMsMax) {
          throw new Error(`the replay stands still: ${JSON.stringify(job)}`);
        }
      }
      return job;
    },
  };
};
