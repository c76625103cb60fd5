import { Worker } from "node:worker_threads";

/** What scrypt costs (RFC 7914): blocks of `128 × r` bytes, `N` of them, `p` times. */
export type Cost = { readonly N: number; readonly r: number; readonly p: number };

/** What the thread is asked. */
export type HashRequest = {
  readonly call: number;
  readonly password: string;
  readonly salt: Uint8Array;
  readonly cost: Cost;
  readonly bytes: number;
};

/** What it answers. */
export type HashReply = { readonly call: number } & ({ readonly key: Uint8Array } | { readonly failure: string });

/** A password could not be hashed. Trying again may help. */
export class HashError extends Error {
  override readonly name = "HashError";
  readonly code = "hash";
}

/** Hashes one after the other, on a thread of its own and after all else that the process does. */
export type Hasher = {
  /** @throws {HashError} */
  hash(request: Omit<HashRequest, "call">): Promise<Buffer>;
  close(): Promise<void>;
};

type Pending = { resolve(key: Buffer): void; reject(error: HashError): void };

/** Starts its thread at the first password, and again after it died. */
export const createHasher = (): Hasher => {
  const pending = new Map<number, Pending>();
  let worker: Worker | null = null;
  let calls = 0;

  const died = (cause: unknown): void => {
    worker = null;
    for (const { reject } of pending.values()) {
      reject(new HashError("the thread that hashes passwords died; it is started again", { cause }));
    }
    pending.clear();
  };
  const start = (): Worker => {
    const started = new Worker(new URL(`./_hash-thread${import.meta.url.slice(-3)}`, import.meta.url));
    started.on("message", (reply: HashReply) => {
      const waiting = pending.get(reply.call);
      pending.delete(reply.call);
      if (pending.size === 0) started.unref();
      if ("failure" in reply) waiting?.reject(new HashError(reply.failure));
      else waiting?.resolve(Buffer.from(reply.key));
    });
    started.once("error", died);
    started.once("exit", () => {
      if (worker === started) died(new Error("the thread ended"));
    });
    return started;
  };

  return {
    hash: (request) => {
      worker ??= start();
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
      calls += 1;
      pending.set(calls, { resolve, reject });
      worker.ref();
      worker.postMessage({ ...request, call: calls });
      return promise;
    },
    close: async () => {
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
