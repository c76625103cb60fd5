import { pause } from "../../harness/time.ts";

/** What the benchmark reads of `/metrics`. */
export type Figures = {
  readonly delivered: number;
  readonly statements: number;
  readonly walBytes: number;
  readonly oldestDueSeconds: number;
};

const valueOf = (text: string, name: string): number => {
  const line = text.split("\n").find((each) => each.startsWith(`${name} `) || each.startsWith(`${name}{`));
  return Number(line?.split(" ").at(-1) ?? 0);
};

/** Reads the metrics of the gateway at `url`. */
export const readFigures = async (url: string): Promise<Figures> => {
  const response = await fetch(`${url}/metrics`);
  const text = await response.text();
  return {
    delivered: valueOf(text, 'postern_deliveries_ended_total{status="success",reason="none"}'),
    statements: valueOf(text, "postern_store_statements_total"),
    walBytes: valueOf(text, "postern_store_wal_bytes"),
    oldestDueSeconds: valueOf(text, "postern_queue_oldest_due_age_seconds"),
  };
};

const lookMs = 20;

/** Waits until that many deliveries are recorded as delivered. @throws {Error} after `timeoutMs`. */
export const untilDelivered = async (url: string, count: number, timeoutMs: number): Promise<void> => {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const { delivered } = await readFigures(url);
    if (delivered >= count) return;
    if (performance.now() > deadlineMs) throw new Error(`${delivered} of ${count} deliveries within ${timeoutMs} ms`);
    await pause(lookMs);
  }
};
