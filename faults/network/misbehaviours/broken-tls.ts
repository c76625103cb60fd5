import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";

import type { Misbehaviour, Outcome } from "./misbehaviour.ts";
import { saying } from "./speak.ts";

const noTls: Outcome = { status: null, code: "tls" };

const tlsName = "receiver.test";
const read = (name: string): string =>
  readFileSync(new URL(`../../../test/support/tls/${name}`, import.meta.url), "utf8");

/** Finishes the handshake with a certificate of `test/support/tls/`, and then does as it likes. */
const showing = (certificate: string, then: (socket: TLSSocket) => void = () => undefined) => {
  const secureContext = createSecureContext({ key: read("receiver.key.pem"), cert: read(certificate) });
  return (socket: Socket): void => {
    const secured = new TLSSocket(socket, { isServer: true, secureContext });
    // The gateway hangs up on what it does not trust.
    secured.on("error", () => socket.destroy());
    secured.once("secure", () => then(secured));
  };
};

/** A record of the right form whose content no one can read. */
const unreadableRecord = "\x16\x03\x03\0\x10 not a handshake";

/** Receivers that cannot be trusted, or not be understood. */
export const brokenTlsReceivers: readonly Misbehaviour[] = [
  {
    name: "hangs in the TLS handshake",
    tlsName,
    outcomes: [{ status: null, code: "timeout" }],
    onConnection: saying(""),
  },
  {
    name: "closes in the TLS handshake",
    tlsName,
    outcomes: [noTls],
    onConnection: saying("\x16\x03\x03\0\x7a\x02", (socket) => void socket.end()),
  },
  {
    name: "resets in the TLS handshake",
    tlsName,
    outcomes: [noTls],
    onConnection: (socket) => void socket.once("data", () => socket.resetAndDestroy()),
  },
  { name: "speaks noise in the TLS handshake", tlsName, outcomes: [noTls], onConnection: saying(unreadableRecord) },
  {
    name: "speaks plain HTTP where TLS is expected",
    tlsName,
    outcomes: [noTls],
    onConnection: saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
  },
  {
    name: "shows the certificate of an unknown authority",
    tlsName,
    outcomes: [noTls],
    onConnection: showing("stranger.cert.pem"),
  },
  {
    name: "shows the certificate of another name",
    tlsName,
    outcomes: [noTls],
    onConnection: showing("elsewhere.cert.pem"),
  },
  {
    name: "shows a certificate that has expired",
    tlsName,
    outcomes: [noTls],
    onConnection: showing("expired.cert.pem"),
  },
  {
    name: "resets after the TLS handshake",
    tlsName,
    outcomes: [{ status: null, code: "reset" }],
    onConnection: (socket) => {
      showing("receiver.cert.pem", (secured) => void secured.once("data", () => socket.resetAndDestroy()))(socket);
    },
  },
];
