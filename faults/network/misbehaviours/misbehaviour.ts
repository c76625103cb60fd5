import type { Socket } from "node:net";

import { startRawReceiver } from "../../../test/support/receiver.ts";

/** What an attempt comes to, as the store and the API show it. Null: there was no such thing. */
export type Outcome = { readonly status: number | null; readonly code: string | null };

/** A way in which a receiver does what none should. */
export type Misbehaviour = {
  /** How it goes on after "a receiver that". */
  readonly name: string;
  /** What attempts may come to. More than one only where chance decides. */
  readonly outcomes: readonly [Outcome, ...Outcome[]];
  /** The host name that its URL gives, over https. Default: plain http to its address. */
  readonly tlsName?: string;
  readonly onConnection: (socket: Socket) => void;
};

/** A receiver that misbehaves until it is mended. */
export type Misbehaving = {
  readonly url: string;
  readonly port: number;
  /** Connections that were opened to it so far. */
  readonly connections: number;
  /** Bytes that it wrote and that left its hands. */
  readonly bytesWritten: number;
  close(): Promise<void>;
};

/** Starts one. */
export const startMisbehaving = async ({ tlsName, onConnection }: Misbehaviour): Promise<Misbehaving> => {
  const sockets = new Set<Socket>();
  let bytesOfClosed = 0;
  const receiver = await startRawReceiver((socket) => {
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      bytesOfClosed += socket.bytesWritten - socket.writableLength;
    });
    onConnection(socket);
  });
  return {
    url: tlsName === undefined ? `${receiver.url}/` : `https://${tlsName}:${receiver.port}/`,
    port: receiver.port,
    get connections() {
      return receiver.connections;
    },
    get bytesWritten() {
      return [...sockets].reduce((sum, socket) => sum + socket.bytesWritten - socket.writableLength, bytesOfClosed);
    },
    close: receiver.close,
  };
};
