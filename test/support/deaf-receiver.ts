import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";

/** Listens, and then never looks at its connections again. */
const program = `
  const { createServer } = require("node:net");
  const { parentPort, workerData } = require("node:worker_threads");
  const server = createServer().listen({ host: workerData.host, port: workerData.port, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(workerData.wake), 0, 0));
  });
`;

/** How many connections the kernel takes in for a listener with a backlog of 1, at most. */
const queueMax = 4;

/** A port on which connections are neither accepted nor refused, as behind a firewall that drops packets. */
export type DeafReceiver = AsyncDisposable & { readonly port: number };

/** Starts one, by default on a port that is free. `await using` ends it. */
export const startDeafReceiver = async (
  wish: { readonly host?: string; readonly port?: number } = {},
): Promise<DeafReceiver> => {
  const { host = "127.0.0.1" } = wish;
  const wake = new SharedArrayBuffer(4);
  const worker = new Worker(program, { eval: true, workerData: { host, port: wish.port ?? 0, wake } });
  const [port] = (await once(worker, "message")) as [number];
  // The queue takes a few before it is full; the next one, which does not connect, shows that it is.
  const sockets: Socket[] = [];
  for (let count = 0; count < queueMax; count += 1) {
    const socket = connect({ host, port });
    socket.on("error", () => {});
    sockets.push(socket);
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await worker.terminate();
    },
  };
};
