import { once } from "node:events";
import { type RequestListener, createServer } from "node:http";

import { freePort } from "../../harness/free-port.ts";
import type { FaultContext } from "../fault.ts";

/** A way to be dead. */
export type DeadKind = "hangs" | "refuses" | "fails";

export const deadKinds: readonly DeadKind[] = ["hangs", "refuses", "fails"];

const listeners: Record<Exclude<DeadKind, "refuses">, RequestListener> = {
  hangs: (request) => void request.resume(),
  fails: (request, response) => {
    request.resume().once("end", () => response.writeHead(500, { "content-length": 0 }).end());
  },
};

/** Gives the URL of a receiver that takes nothing: every request hangs, is refused, or is answered 500. */
export const startDead = async (context: FaultContext, kind: DeadKind): Promise<string> => {
  if (kind === "refuses") return `http://127.0.0.1:${await freePort()}/`;
  const server = createServer(listeners[kind]);
  // The gateway decides how long it keeps a connection.
  server.keepAliveTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.onEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/`;
};
