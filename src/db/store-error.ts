/**
 * Why the store refused.
 *
 * - `constraint`: this row cannot be; others can.
 * - `held`: somebody else's transaction holds a row that it changes, for too long; what changes other rows can be written.
 * - `unavailable`: the disk is full, broken or locked; nothing can be written now, and the same may succeed later.
 * - `interrupted`: like `unavailable`, but what was asked may have been done: the answer was lost.
 * - `closed`: the store is shut.
 * - `misuse`: a mistake in the calling code.
 * - `other`: anything else that the engine said.
 */
export type StoreErrorCode = "constraint" | "held" | "unavailable" | "interrupted" | "closed" | "misuse" | "other";

/** The store could not do what was asked. Nothing of the failed transaction remains. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A row that it changes is held by somebody else's transaction. Its code is `held`. */
export class HeldError extends StoreError {
  /** Which operation of its batch waited for it. */
  readonly operation: number;

  constructor(operation: number, message: string, options?: ErrorOptions) {
    super("held", message, options);
    this.operation = operation;
  }
}

const passing: ReadonlySet<StoreErrorCode> = new Set(["held", "unavailable", "interrupted", "closed"]);

/** Whether waiting may help, so that work should be kept and tried again. */
export const isPassing = (error: unknown): boolean => error instanceof StoreError && passing.has(error.code);

/** Whether others can be written meanwhile, for it is about a row of its own. */
export const isHeld = (error: unknown): boolean => error instanceof StoreError && error.code === "held";

/** Whether what was asked may have been done all the same. */
export const isInterrupted = (error: unknown): boolean => error instanceof StoreError && error.code === "interrupted";
