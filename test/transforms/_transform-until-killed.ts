import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";

import { systemClock } from "../../src/lib/clock.ts";
import { createTransformer } from "../../src/transforms/transformer.ts";

// Says which process expressions run in, and then that the one that it was given was handed to it.
const [expression = ""] = process.argv.slice(2);
const say = (line: string | number | undefined): void => void process.stdout.write(`${line}\n`);

const started: ChildProcess[] = [];
subscribe("child_process", (message) => started.push((message as { process: ChildProcess }).process));
const input = { body: Buffer.from("{}"), headers: [], method: "POST", query: "", event: {} };
const { transform } = createTransformer(systemClock);
await transform("one", "{}", input);
say(started[0]?.pid);
void transform("one", expression, input);
say("begun");
setInterval(() => undefined, 1_000);
