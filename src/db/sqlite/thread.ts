import { Worker } from "node:worker_threads";

import { StoreError } from "../store-error.ts";
import { toStoreError } from "./_failure.ts";
import type { Reply, ThreadAnswer, ThreadOptions, ThreadRequest } from "./_protocol.ts";

type Pending = { resolve(answer: unknown): void; reject(error: unknown): void };

/** A connection on a thread of its own, so that neither its fsyncs nor its scans stop the event loop. */
export type Thread = {
  /** Requests that wait or run. */
  readonly pending: number;
  /** How often it died. What its connection held is gone with each death: an open transaction, too. */
  readonly deaths: number;
  /** @throws {StoreError} */
  ask<Request extends ThreadRequest>(request: Request): Promise<ThreadAnswer<Request>>;
  close(): Promise<void>;
};

/** Starts a thread at the first request, and again after it died. */
export const createThread = (options: ThreadOptions): Thread => {
  const pending = new Map<number, Pending>();
  let worker: Worker | null = null;
  let calls = 0;
  let deaths = 0;
  let closed = false;

  const died = (error: unknown): void => {
    worker = null;
    deaths += 1;
    for (const { reject } of pending.values()) {
      reject(new StoreError("interrupted", "a thread of the store died; it is started again", { cause: error }));
    }
    pending.clear();
  };
  const start = (): Worker => {
    const started = new Worker(new URL(`./_thread${import.meta.url.slice(-3)}`, import.meta.url), {
      workerData: options,
    });
    started.on("message", (reply: Reply) => {
      const waiting = pending.get(reply.call);
      pending.delete(reply.call);
      if (pending.size === 0) started.unref();
      if ("failure" in reply) waiting?.reject(toStoreError(reply.failure));
      else waiting?.resolve(reply.answer);
    });
    started.once("error", died);
    started.once("exit", () => {
      if (worker === started) died(new Error("the thread ended"));
    });
    return started;
  };

  return {
    get pending() {
      return pending.size;
    },
    get deaths() {
      return deaths;
    },
    ask: <Request extends ThreadRequest>(request: Request) => {
      if (closed) return Promise.reject(new StoreError("closed", "the store is closed"));
      worker ??= start();
      const { promise, resolve, reject } = Promise.withResolvers<ThreadAnswer<Request>>();
      calls += 1;
      // Each call's answer has the type that its request fixes; the map holds calls of all types.
      pending.set(calls, { resolve, reject });
      worker.ref();
      // A batch's buffer is handed over, not copied.
      worker.postMessage({ call: calls, request }, request.kind === "batch" ? [request.batch.bytes.buffer] : []);
      return promise;
    },
    close: async () => {
      closed = true;
      const closing = worker;
      if (closing === null) return;
      await new Promise<void>((resolve) => {
        closing.once("exit", () => resolve());
        closing.ref();
        closing.postMessage("close");
      });
    },
  };
};
