import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

import { type RawData, WebSocketServer } from "ws";

import type { Clock, Timer } from "../lib/clock.ts";

/** How often a client is asked whether it is there; who has not answered by the next time is given up. */
const pingEveryMs = 25_000;

/** What may wait to be read by a client. Who does not read is given up: what it is told grows with what it sends. */
const unreadBytesMax = 1024 * 1024;

/** A message, whole. */
export type Frame = { readonly body: Buffer; readonly isBinary: boolean };

/** A client's open connection. */
export type WebSocketConnection = {
  /** Gives the connection up if the client does not read. */
  send(text: string): void;
  /** Takes no more frames until `resume`; those of what was read already still come. */
  pause(): void;
  resume(): void;
  /** Says why, and closes. A client that does not answer to that is cut off by `terminate`, or its next ping. */
  close(code: number, reason: string): void;
  terminate(): void;
};

/** What is told of a connection: `opened` first, `closed` last, each once. */
export type WebSocketListener = {
  opened(connection: WebSocketConnection): void;
  frame(frame: Frame, connection: WebSocketConnection): void;
  closed(connection: WebSocketConnection): void;
};

/** A request to become a WebSocket, on its own connection. */
export type Upgrade = { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer };

export type WebSocketOptions = {
  readonly clock: Pick<Clock, "after">;
  /** Larger messages close the connection (1009). */
  readonly messageBytesMax: number;
  readonly listener: WebSocketListener;
};

const toBuffer = (data: RawData): Buffer => {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
};

/** Pings until it is stopped. `isThere` tells whether something was heard since the last time. */
const keepAlive = (clock: Pick<Clock, "after">, beat: () => boolean): { stop(): void } => {
  let timer: Timer = clock.after(pingEveryMs, () => next());
  const next = (): void => {
    if (beat()) timer = clock.after(pingEveryMs, next);
  };
  return { stop: () => timer.cancel() };
};

/**
 * Completes the handshake. False, with nothing told to anybody: the client's part of it is wrong, or it is gone. Messages are not compressed: what a small one becomes when it is
 * unpacked would have to be bounded as well.
 */
export const openWebSocket = (
  { request, socket, head }: Upgrade,
  { clock, messageBytesMax, listener }: WebSocketOptions,
): boolean => {
  let isOpen = false;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: messageBytesMax,
    autoPong: false,
  });
  // Without a listener it would answer by itself.
  server.on("wsClientError", () => undefined);
  server.handleUpgrade(request, socket, head, (client) => {
    isOpen = true;
    let isAlive = true;
    const giveUpUnread = (): void => {
      if (client.bufferedAmount > unreadBytesMax) client.terminate();
    };
    const connection: WebSocketConnection = {
      send: (text) => {
        client.send(text);
        giveUpUnread();
      },
      pause: () => client.pause(),
      resume: () => client.resume(),
      close: (code, reason) => client.close(code, reason),
      terminate: () => client.terminate(),
    };
    const beats = keepAlive(clock, () => {
      if (!isAlive) client.terminate();
      else client.ping();
      const goesOn = isAlive;
      isAlive = false;
      return goesOn;
    });
    client.on("pong", () => {
      isAlive = true;
    });
    client.on("ping", (data) => {
      isAlive = true;
      client.pong(data);
      giveUpUnread();
    });
    client.on("message", (data, isBinary) => {
      isAlive = true;
      listener.frame({ body: toBuffer(data), isBinary }, connection);
    });
    // What broke the protocol is told to the client by its code; `close` follows.
    client.on("error", () => undefined);
    client.once("close", () => {
      beats.stop();
      listener.closed(connection);
    });
    listener.opened(connection);
  });
  return isOpen;
};
