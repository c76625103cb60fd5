import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { Worker } from "node:worker_threads";

import { confine } from "../../src/transforms/_confine.ts";

// Tries what a process of expressions must not do, and says what came of it.
confine();

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

const tried = async (power: () => unknown): Promise<unknown> => {
  try {
    await power();
    return "nothing stops it";
  } catch (error) {
    return codeOf(error);
  }
};

if (process.send === undefined) throw new Error("a test starts this");
process.send({
  "reads a file": await tried(() => readFileSync(import.meta.filename)),
  "writes a file": await tried(() => writeFileSync("written", "")),
  connects: await tried(() => once(connect(9, "127.0.0.1"), "connect")),
  "starts a thread": await tried(() => new Worker("", { eval: true })),
  "starts a program": await tried(() => spawnSync(process.execPath, ["--version"])),
  "has an environment": process.env["PATH"] ?? "nothing of it",
});
process.disconnect?.();
