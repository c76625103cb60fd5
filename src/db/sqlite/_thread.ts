import { parentPort, workerData } from "node:worker_threads";

import { StoreError } from "../store-error.ts";
import type { Envelope, Reply, ThreadFailure, ThreadOptions } from "./_protocol.ts";
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
port.on("message", (message: Envelope | "close") => {
  if (message === "close") {
    connection.close();
    port.close();
    return;
  }
  const { call, request } = message;
  let reply: Reply;
  try {
    reply = { call, answer: connection.answer(request) };
  } catch (error) {
    reply = { call, failure: failureOf(error) };
  }
  port.postMessage(reply);
});
