import type { Socket } from "node:net";
import { connect, createSecureContext } from "node:tls";

import { BoundedCache } from "../lib/bounded-cache.ts";
import type { Clock } from "../lib/clock.ts";
import { parseAddress } from "../lib/ip.ts";
import { untilReady } from "./_dial.ts";
import { EgressError, errorCodeOf } from "./egress-error.ts";

/** Puts TLS on a connected socket, and checks that the other end is `host`. @throws {EgressError} */
export type Handshake = (raw: Socket, host: string, port: number, deadlineMs: number) => Promise<Socket>;

export type HandshakeOptions = {
  clock: Pick<Clock, "after" | "monotonicMs">;
  /** Certificate authorities to trust, in PEM, in place of the usual ones. */
  ca?: string | undefined;
};

const sessionsMax = 1_000;

/** TLS 1.2 or later, HTTP/1.1 only. */
export const createHandshake = ({ clock, ca }: HandshakeOptions): Handshake => {
  // Made once: reading the authorities takes longer than a connection.
  const secureContext = createSecureContext({ minVersion: "TLSv1.2", ...(ca === undefined ? {} : { ca }) });
  // Resuming saves the receiver and us the costly part of a handshake.
  const sessions = new BoundedCache<string, Buffer>(sessionsMax);
  return async (raw, host, port, deadlineMs) => {
    const sessionKey = `${host} ${port}`;
    const session = sessions.get(sessionKey);
    const socket = connect({
      socket: raw,
      // What the certificate is compared with: never the Host header. An address is no server name (RFC 6066).
      host,
      servername: parseAddress(host) === undefined ? host : "",
      ALPNProtocols: ["http/1.1"],
      secureContext,
      ...(session === undefined ? {} : { session }),
    });
    socket.on("session", (fresh: Buffer) => sessions.set(sessionKey, fresh));
    const outcome = await untilReady(socket, "secureConnect", deadlineMs - clock.monotonicMs(), clock);
    if (outcome.ok) return socket;
    sessions.delete(sessionKey);
    throw "timedOut" in outcome
      ? new EgressError("timeout", "the TLS handshake was not finished in time")
      : new EgressError("tls", `the TLS handshake failed (${errorCodeOf(outcome.error)})`);
  };
};
