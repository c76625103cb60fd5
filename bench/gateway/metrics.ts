import { pause } from "../../harness/time.ts";

/** What the benchmark reads of `/metrics`. */
export type Figures = {
  readonly delivered: number;
  readonly statements: number;
  readonly walBytes: number;
  /** Events that retention removed. */
  readonly removed: number;
};

const valueOf = (text: string, name: string): number => {
  const line = text.split("\n").find((each) => each.startsWith(`${name} `) || each.startsWith(`${name}{`));
  return Number(line?.split(" ").at(-1) ?? 0);
};

const readOne = async (url: string): Promise<Figures> => {
  const response = await fetch(`${url}/metrics`);
  const text = await response.text();
  return {
    delivered: valueOf(text, 'postern_deliveries_ended_total{status="success",reason="none"}'),
    statements: valueOf(text, "postern_store_statements_total"),
    walBytes: valueOf(text, "postern_store_wal_bytes"),
    removed: valueOf(text, 'postern_retention_removed_rows_total{kind="events"}'),
  };
};

/** Reads the metrics of gateways, and adds them up. */
export const readFigures = async (urls: readonly string[]): Promise<Figures> => {
  const all = await Promise.all(urls.map(readOne));
  const sumOf = (name: keyof Figures): number => all.reduce((sum, figures) => sum + figures[name], 0);
  return {
    delivered: sumOf("delivered"),
    statements: sumOf("statements"),
    walBytes: sumOf("walBytes"),
    removed: sumOf("removed"),
  };
};

const lookMs = 20;

/** Waits until that many deliveries are recorded as delivered. @throws {Error} after `timeoutMs`. */
export const untilDelivered = async (urls: readonly string[], count: number, timeoutMs: number): Promise<void> => {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const { delivered } = await readFigures(urls);
    if (delivered >= count) return;
    if (performance.now() > deadlineMs) throw new Error(`${delivered} of ${count} deliveries within ${timeoutMs} ms`);
    await pause(lookMs);
  }
};
