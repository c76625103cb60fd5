import type { Socket } from "node:net";

import type { buildConnector } from "undici";

import type { Clock } from "../lib/clock.ts";
import { dial } from "./_dial.ts";
import { createHandshake } from "./_handshake.ts";
import { boundReading } from "./_reading-bound.ts";
import { EgressError } from "./egress-error.ts";
import type { Guard } from "./guard.ts";
import { bareHost } from "./url-policy.ts";

export type ConnectorOptions = {
  guard: Pick<Guard, "admit">;
  clock: Pick<Clock, "after" | "monotonicMs">;
  /** Certificate authorities to trust, in PEM, in place of the usual ones. */
  ca?: string | undefined;
  /** For name, connection and TLS together. */
  connectTimeoutMs: number;
};

/** Opens sockets for undici. */
export type Connector = {
  /** Connections on which each request may be answered with that many bytes, whatever they are. */
  connectFor(answerBytesMax: number): buildConnector.connector;
  /** Connected sockets, idle or in use. */
  openSockets(): number;
  /** True while a new socket is given to its first request. */
  isHandingOver(): boolean;
  /** Destroys what is being connected, and connects no more. */
  close(): void;
};

type Connected = { socket: Socket } | { error: Error };

const defaultPorts: Record<string, number> = { "https:": 443, "http:": 80 };

/** A connector whose every connection goes to an address that `guard` has just judged. */
export const createConnector = ({ guard, clock, ca, connectTimeoutMs }: ConnectorOptions): Connector => {
  const handshake = createHandshake({ clock, ca });
  const connecting = new Set<Socket>();
  let open = 0;
  let handingOver = false;
  let closed = false;

  const onSocket = (socket: Socket): void => {
    if (closed) socket.destroy();
    connecting.add(socket);
    socket.once("close", () => connecting.delete(socket));
  };

  const establish = async ({ protocol, hostname, port: portText }: buildConnector.Options): Promise<Connected> => {
    const deadlineMs = clock.monotonicMs() + connectTimeoutMs;
    const port = portText === "" ? (defaultPorts[protocol] ?? 0) : Number(portText);
    try {
      const addresses = await guard.admit({ protocol, hostname });
      if (port === 0) throw new EgressError("connect", "nobody listens on port 0");
      const raw = await dial(addresses, port, { clock, deadlineMs, onSocket });
      const socket = protocol === "https:" ? await handshake(raw, bareHost(hostname), port, deadlineMs) : raw;
      connecting.delete(raw);
      return { socket };
    } catch (cause) {
      return { error: cause instanceof Error ? cause : new EgressError("connect", "the connection failed", { cause }) };
    }
  };

  const connect = async (
    options: buildConnector.Options,
    callback: buildConnector.Callback,
    answerBytesMax: number,
  ): Promise<void> => {
    const connected = await establish(options);
    if ("error" in connected) {
      callback(connected.error, null);
      return;
    }
    open += 1;
    boundReading(connected.socket, answerBytesMax);
    connected.socket.once("close", () => {
      open -= 1;
    });
    handingOver = true;
    try {
      callback(null, connected.socket);
    } finally {
      handingOver = false;
    }
  };

  return {
    connectFor: (answerBytesMax) => (options, callback) => void connect(options, callback, answerBytesMax),
    openSockets: () => open,
    isHandingOver: () => handingOver,
    close() {
      closed = true;
      for (const socket of connecting) socket.destroy();
    },
  };
};
