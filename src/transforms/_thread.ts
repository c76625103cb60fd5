import { parentPort } from "node:worker_threads";

import { createEvaluator } from "./_evaluate.ts";
import type { Reply, Task } from "./_protocol.ts";

const port = parentPort;
if (port === null) throw new Error("this file is a worker thread of the transforms");

const evaluate = createEvaluator();
const answer = async (task: Task): Promise<void> => {
  port.postMessage(await evaluate(task));
};

port.on("message", (task: Task) => void answer(task));
port.postMessage({ kind: "started" } satisfies Reply);
