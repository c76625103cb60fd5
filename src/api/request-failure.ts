/** A body that is not a JSON object in UTF-8. The message is meant for whoever sent it. */
export class MalformedBodyError extends Error {
  override readonly name = "MalformedBodyError";
  readonly code = "malformed_body";
}

/** A body that is larger than any that management needs. */
export class TooLargeBodyError extends Error {
  override readonly name = "TooLargeBodyError";
  readonly code = "body_too_large";
}

/** Why a request was not answered by its route. Each dialect has its own words for it. */
export type RequestFailure =
  | { readonly kind: "malformed"; readonly message: string }
  | { readonly kind: "too_large" }
  /** The store cannot be reached now: the same request may succeed later. */
  | { readonly kind: "unavailable" }
  /** A fault of ours. The asker learns nothing of it. */
  | { readonly kind: "internal" };

const codeOf = (error: unknown): string | null =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" ? error.code : null;

const statusOf = (error: unknown): number | null =>
  typeof error === "object" && error !== null && "statusCode" in error && typeof error.statusCode === "number"
    ? error.statusCode
    : null;

const storeIsAway: readonly (string | null)[] = ["held", "unavailable", "interrupted", "closed"];

/** Tells what an error that reached the server means. Fastify's own errors carry a status, the store's a code. */
export const requestFailureOf = (error: unknown): RequestFailure => {
  if (error instanceof MalformedBodyError) return { kind: "malformed", message: error.message };
  if (error instanceof Error && error.name === "StoreError" && storeIsAway.includes(codeOf(error))) {
    return { kind: "unavailable" };
  }
  if (error instanceof TooLargeBodyError) return { kind: "too_large" };
  const status = statusOf(error);
  if (status === 413) return { kind: "too_large" };
  if (status !== null && status >= 400 && status < 500 && codeOf(error)?.startsWith("FST_") === true) {
    return { kind: "malformed", message: "Bad request" };
  }
  return { kind: "internal" };
};
