import type { Headers } from "../lib/headers.ts";

/** What an expression is given. */
export type TransformInput = {
  /** `$` is its JSON, or null when it is none. */
  readonly body: Uint8Array;
  /** `$headers`: names in lower case, repeats joined by commas. */
  readonly headers: Headers;
  /** `$method` */
  readonly method: string;
  /** `$query`, without the question mark: parameters by name, repeats as arrays. */
  readonly query: string;
  /** `$event` */
  readonly event: Readonly<Record<string, string | number | null>>;
};

/** What came of an expression. */
export type Transformed =
  /** JSON text of an object. */
  | { readonly kind: "transformed"; readonly body: Uint8Array }
  /** It failed, or gave no object, or took too much. `error` says so to whoever wrote it. */
  | { readonly kind: "failed"; readonly error: string }
  /** It was not tried: too many wait, or the process stops. */
  | { readonly kind: "unavailable"; readonly message: string };

/** Runs an expression. `owner` is who it counts against: its connection. Never throws. */
export type Transform = (owner: string, expression: string, input: TransformInput) => Promise<Transformed>;

/** Characters of an expression. */
export const expressionCharsMax: number = 16_384;
