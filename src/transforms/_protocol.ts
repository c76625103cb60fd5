import type { TransformInput } from "./transform.ts";

/** What a process is asked. Without input the expression is only looked at. */
export type Task = { readonly owner: string; readonly expression: string; readonly input: TransformInput | null };

/** What came of an expression. */
export type Answer =
  | { readonly kind: "transformed"; readonly body: Uint8Array }
  | { readonly kind: "failed"; readonly error: string };

/** What a process says: first that it started, then one answer for each task; with the last one, that it should be replaced. */
export type Reply = { readonly kind: "started" } | (Answer & { readonly isLast?: true });
