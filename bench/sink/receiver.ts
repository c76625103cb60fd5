import { z } from "zod";

import type { Children } from "../../harness/children.ts";
import { startLineClient } from "../process/line-client.ts";

/** Where the sink takes requests and never answers. */
export const deadPath = "/never-answers";

const port = z.object({ port: z.int() });

/** What came in since the last report; latencies are from when the event was due at the gateway. */
export type SinkReport = {
  readonly received: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
};

const report: z.ZodType<SinkReport> = z.object({
  received: z.int(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
});

/** A process that receives what the gateway delivers. */
export type Sink = {
  readonly pid: number;
  readonly url: string;
  report(): Promise<SinkReport>;
  stop(): Promise<void>;
};

const askMs = 10_000;

/** Starts a sink on a free port. */
export const startSink = async (children: Children): Promise<Sink> => {
  const client = startLineClient(children, "sink/main.ts");
  const found = await client.ask({ kind: "port" }, port, askMs);
  return {
    pid: client.pid,
    url: `http://127.0.0.1:${found.port}`,
    report: () => client.ask({ kind: "report" }, report, askMs),
    stop: client.stop,
  };
};
