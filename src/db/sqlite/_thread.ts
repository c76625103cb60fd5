import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";

import { isPassing, StoreError } from "../store-error.ts";
import { toStoreError } from "./_failure.ts";
import type { BatchEnvelope, Envelope, Reply, ThreadFailure, ThreadOptions } from "./_protocol.ts";
import { openConnection } from "./connection.ts";

/** Code 21 is SQLite's own word for a mistake of the caller. */
const sqliteMisuse = 21;

const failureOf = (error: unknown): ThreadFailure => {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof StoreError && error.code === "misuse") return { message, errcode: sqliteMisuse };
  const errcode = error instanceof Error && "errcode" in error ? Number(error.errcode) : 0;
  return { message, errcode };
};

const port = parentPort;
if (port === null) throw new Error("this file is a worker thread of the store");
const connection = openConnection(workerData as ThreadOptions);

type Message = Envelope | "close";

const isBatch = (message: Message | undefined): message is BatchEnvelope =>
  message !== undefined && message !== "close" && message.request.kind === "batch";

const next = (): Message | undefined => {
  // What is on this port was put there by this file's other half.
  const received: { message: Message } | undefined = receiveMessageOnPort(port);
  return received?.message;
};

const answerOne = ({ call, request }: Envelope): Reply => {
  try {
    return { call, answer: connection.answer(request) };
  } catch (error) {
    return { call, failure: failureOf(error) };
  }
};

/** Batches that waited for each other share one transaction, and one fsync. A bad one is refused alone. */
const answerBatches = (envelopes: readonly BatchEnvelope[]): readonly Reply[] => {
  try {
    const answers = connection.answerBatches(envelopes.map(({ request }) => request.batch));
    return envelopes.map(({ call }, index) => ({ call, answer: answers[index] }));
  } catch (error) {
    const failure = failureOf(error);
    // When the store cannot write at all, asking again for each would only take longer.
    if (isPassing(toStoreError(failure))) return envelopes.map(({ call }) => ({ call, failure }));
    return envelopes.map(answerOne);
  }
};

/** Answers `first` and, if it is a batch, those that wait behind it. Gives what came after them. */
const answer = (first: Envelope): Message | undefined => {
  if (!isBatch(first)) {
    port.postMessage(answerOne(first));
    return undefined;
  }
  const batches: BatchEnvelope[] = [first];
  let following = next();
  for (; isBatch(following); following = next()) batches.push(following);
  for (const reply of answerBatches(batches)) port.postMessage(reply);
  return following;
};

port.on("message", (first: Message) => {
  for (let message: Message | undefined = first; message !== undefined;) {
    if (message === "close") {
      connection.close();
      port.close();
      return;
    }
    message = answer(message);
  }
});
