import { z } from "zod";

/** Where requests go: the port of a gateway, and the path of a source. */
export type Target = { readonly port: number; readonly path: string };

/** A request for load. */
export type LoadJob = {
  /** At least one. Connections are dealt out over them in turn. */
  readonly targets: readonly Target[];
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second, due at even distances whatever the answers; null: each connection sends when it was answered. */
  readonly ratePerSecond: number | null;
};

/** What came of it. Latencies are from when a request was due until its answer was read. */
export type LoadResult = {
  /** Answers with status 200, all of them. */
  readonly accepted: number;
  /** Those among them that came within the time asked for. */
  readonly acceptedInTime: number;
  /** All other answers, by status; 0: the connection ended. */
  readonly refused: Readonly<Record<string, number>>;
  readonly startedUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** How late the generator itself sent, at the 99th percentile: above a few ms the figures are its own. */
  readonly lateP99Ms: number;
  /** Accepted in each second of the time asked for. */
  readonly perSecond: readonly number[];
};

/** The target of the connection with this number. */
export const targetOf = ({ targets }: LoadJob, connection: number): Target => {
  const target = targets[connection % targets.length];
  if (target === undefined) throw new Error("there is nowhere to send to");
  return target;
};

/** Reads a job from the pipe. */
export const loadJob: z.ZodType<LoadJob> = z.object({
  targets: z.array(z.object({ port: z.int(), path: z.string() })),
  connections: z.int(),
  seconds: z.number(),
  ratePerSecond: z.number().nullable(),
});

/** Reads a result from the pipe. */
export const loadResult: z.ZodType<LoadResult> = z.object({
  accepted: z.int(),
  acceptedInTime: z.int(),
  refused: z.record(z.string(), z.int()),
  startedUs: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
  lateP99Ms: z.number(),
  perSecond: z.array(z.int()),
});
