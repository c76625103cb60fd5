import type { TransformInput } from "./transform.ts";

/** What a thread is asked. Without input the expression is only looked at. */
export type Task = { readonly expression: string; readonly input: TransformInput | null };

/** What it answers. `started` comes first, and once. */
export type Reply =
  | { readonly kind: "started" }
  | { readonly kind: "transformed"; readonly body: Uint8Array }
  | { readonly kind: "failed"; readonly error: string };
