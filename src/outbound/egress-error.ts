/**
 * Why there is no connection, or none any more. `unavailable`: we have no means to open one now (open files, ports,
 * memory, look-ups), which says nothing about where it was to go.
 */
export type EgressErrorCode = "dns" | "refused_address" | "connect" | "tls" | "timeout" | "protocol" | "unavailable";

/**
 * No connection to where a request was to go. The message is for the destination's owner: it shows no address, no
 * query and no credential. (`fetch` gives it as the `cause` of its own error.)
 */
export class EgressError extends Error {
  override readonly name = "EgressError";
  readonly code: EgressErrorCode;

  constructor(code: EgressErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const codePattern = /^[A-Z][A-Z0-9_]{1,63}$/;

/** The stable part of an error of Node or OpenSSL, such as `ECONNREFUSED`. Their messages hold addresses. */
export const errorCodeOf = (error: unknown): string => {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && codePattern.test(code) ? code : "unknown error";
};
