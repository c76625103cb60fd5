import type { Clock } from "../lib/clock.ts";

/** Whether a line may be written now, and how many of its kind were held back since the last. */
export type LineLimit = (kind: string) => { suppressed: number } | null;

const windowMs = 1_000;

/**
 * At most `linesMax` lines of each kind in a second. For what strangers can cause without end: the log, which is written
 * synchronously, must not become the way to slow the gateway down. `kind` comes from a closed set.
 */
export const createLineLimit = (clock: Pick<Clock, "monotonicMs">, linesMax: number): LineLimit => {
  const kinds = new Map<string, { sinceMs: number; lines: number; suppressed: number }>();
  return (kind) => {
    const nowMs = clock.monotonicMs();
    const entry = kinds.get(kind) ?? { sinceMs: nowMs, lines: 0, suppressed: 0 };
    kinds.set(kind, entry);
    if (nowMs - entry.sinceMs >= windowMs) Object.assign(entry, { sinceMs: nowMs, lines: 0 });
    if (entry.lines >= linesMax) {
      entry.suppressed += 1;
      return null;
    }
    const { suppressed } = entry;
    entry.lines += 1;
    entry.suppressed = 0;
    return { suppressed };
  };
};
