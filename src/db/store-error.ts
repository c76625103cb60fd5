/**
 * Why the store refused.
 *
 * - `constraint`: this row cannot be; others can.
 * - `unavailable`: the disk is full, broken or locked; nothing can be written now, and the same may succeed later.
 * - `closed`: the store is shut.
 * - `misuse`: a mistake in the calling code.
 * - `other`: anything else that the engine said.
 */
export type StoreErrorCode = "constraint" | "unavailable" | "closed" | "misuse" | "other";

/** The store could not do what was asked. Nothing of the failed transaction remains. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Whether waiting may help, so that work should be kept and tried again. */
export const isPassing = (error: unknown): boolean =>
  error instanceof StoreError && (error.code === "unavailable" || error.code === "closed");
