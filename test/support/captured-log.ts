import type { LogSink } from "../../src/observe/log.ts";

/** A sink that keeps its lines, and reads them as JSON. */
export type CapturedLog = LogSink & {
  readonly lines: string[];
  entries(): Record<string, unknown>[];
};

export const captureLog = (): CapturedLog => {
  const lines: string[] = [];
  return {
    lines,
    write: (line) => {
      lines.push(line);
    },
    entries: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
};
