import { errors } from "undici";

import { EgressError, errorCodeOf, type EgressErrorCode } from "./egress-error.ts";

/** Why there was no answer. */
export type FailureCode = Exclude<EgressErrorCode, "unavailable"> | "reset";

/** Why a request ended without an answer, in words without an address, a query or a credential. */
export type Failure =
  | { kind: "failed"; code: FailureCode; message: string }
  /** We have no means to try now (open files, ports, memory, look-ups), or are not to. */
  | { kind: "unavailable"; message: string }
  /** The sender gave up: it was told to, or is being closed. */
  | { kind: "cancelled" };

const failed = (code: FailureCode, message: string): Failure => ({ kind: "failed", code, message });

/** What undici calls a socket that it closed itself over what came in on it. */
const brokenProtocol = new Set(["bad response", "bad upgrade"]);

const isTlsCode = (code: string): boolean => /^ERR_(SSL|TLS)_|^EPROTO$/.test(code);

/** What an error of undici, Node or our own connector means. Their messages may hold addresses; ours do not. */
export const failureOf = (error: unknown): Failure => {
  if (error instanceof EgressError) {
    return error.code === "unavailable"
      ? { kind: "unavailable", message: error.message }
      : failed(error.code, error.message);
  }
  if (error instanceof errors.ClientDestroyedError || error instanceof errors.ClientClosedError) {
    return { kind: "cancelled" };
  }
  if (error instanceof errors.InvalidArgumentError || error instanceof errors.NotSupportedError) {
    return failed("protocol", "the request cannot be written as HTTP/1.1: check its method and headers");
  }
  if (error instanceof errors.HeadersOverflowError) return failed("protocol", "the answer's headers are too large");
  if (
    error instanceof errors.HTTPParserError ||
    error instanceof errors.ResponseContentLengthMismatchError ||
    (error instanceof errors.SocketError && brokenProtocol.has(error.message))
  ) {
    return failed("protocol", "the answer is not HTTP/1.1");
  }
  if (error instanceof errors.SocketError) return failed("reset", "the connection was closed before an answer");
  const code = errorCodeOf(error);
  // TLS 1.3: the receiver may refuse us (a client certificate, say) after our side has finished the handshake.
  if (isTlsCode(code)) return failed("tls", `the TLS connection failed (${code})`);
  return failed("reset", `the connection broke before an answer (${code})`);
};
