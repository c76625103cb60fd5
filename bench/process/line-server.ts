import { createInterface } from "node:readline";

/**
 * Answers jobs, one line of JSON each, until whoever sends them closes the pipe or dies: a process of the benchmark
 * never outlives it.
 */
export const serveLines = (answer: (job: unknown) => Promise<unknown>): void => {
  const lines = createInterface({ input: process.stdin });
  const reply = async (line: string): Promise<void> => {
    let said: object;
    try {
      said = { ok: true, answer: await answer(JSON.parse(line)) };
    } catch (error) {
      said = { ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    process.stdout.write(`${JSON.stringify(said)}\n`);
  };
  lines.on("line", (line) => void reply(line));
  // Sockets that are still open would keep it alive.
  lines.once("close", () => process.kill(process.pid, "SIGKILL"));
};
