import { serveLines } from "../process/line-server.ts";
import { runClosed } from "./closed.ts";
import { loadJob } from "./job.ts";
import { runOpen } from "./open.ts";

serveLines((text) => {
  const job = loadJob.parse(text);
  const { ratePerSecond } = job;
  return ratePerSecond === null ? runClosed(job) : runOpen({ ...job, ratePerSecond });
});
