import type { Children } from "../../harness/children.ts";
import { startLineClient } from "../process/line-client.ts";
import { type LoadJob, type LoadResult, loadResult } from "./job.ts";

/** A process that sends requests. */
export type LoadGenerator = {
  readonly pid: number;
  run(job: LoadJob): Promise<LoadResult>;
  stop(): Promise<void>;
};

/** What connecting and the last answers may take beyond the time asked for. */
const extraMs = 30_000;

/** Starts the load generator. */
export const startLoad = (children: Children): LoadGenerator => {
  const client = startLineClient(children, "load/main.ts");
  return {
    pid: client.pid,
    run: (job) => client.ask(job, loadResult, job.seconds * 1000 + extraMs),
    stop: client.stop,
  };
};
