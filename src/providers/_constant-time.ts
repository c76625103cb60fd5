import { createHash, timingSafeEqual } from "node:crypto";

const digest = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

/** Compares without telling by its duration how much is equal, or how long the secret is. */
export const isSameSecret = (given: Uint8Array, secret: Uint8Array): boolean =>
  timingSafeEqual(digest(given), digest(secret));

/** Compares two signatures in their text form. Their length is public: it follows from the algorithm. */
export const isSameSignature = (given: string, expected: string): boolean =>
  given.length === expected.length && timingSafeEqual(Buffer.from(given, "latin1"), Buffer.from(expected, "latin1"));
