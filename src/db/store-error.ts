/**
 * Why the store refused.
 *
 * - `constraint`: this row cannot be; others can.
 * - `unavailable`: the disk is full, broken or locked; nothing can be written now, and the same may succeed later.
 * - `interrupted`: like `unavailable`, but what was asked may have been done: the answer was lost.
 * - `closed`: the store is shut.
 * - `misuse`: a mistake in the calling code.
 * - `other`: anything else that the engine said.
 */
export type StoreErrorCode = "constraint" | "unavailable" | "interrupted" | "closed" | "misuse" | "other";

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
  error instanceof StoreError && (error.code === "unavailable" || error.code === "closed" || isInterrupted(error));

/** Whether what was asked may have been done all the same. */
export const isInterrupted = (error: unknown): boolean => error instanceof StoreError && error.code === "interrupted";
