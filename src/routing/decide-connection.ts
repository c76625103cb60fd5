import type { Connection } from "./connection.ts";

/** What becomes of bodies that go along a connection. */
export type TransformSettings = Pick<Connection, "transformEnabled" | "transformExpression">;

/** What people say of it. What is absent stays as it is. */
export type TransformWish = {
  /** Null: as it would be if nothing were said of it. */
  readonly enabled?: boolean | null | undefined;
  /** Null or empty: bodies are sent as they came. */
  readonly expression?: string | null | undefined;
};

const emptyToNull = (text: string | null): string | null => (text === "" ? null : text);

/**
 * What a wish changes; null when it wants to transform without an expression. A new expression is meant to run, unless it is
 * said otherwise. Whether it can be read is still to be asked. One that is not new is not in it: by the time that this is
 * written, another may have taken its place.
 */
export const settleTransform = (
  { enabled: wished, expression }: TransformWish,
  now: TransformSettings,
): Partial<TransformSettings> | null => {
  if (wished === undefined && expression === undefined) return {};
  const text = expression === undefined ? now.transformExpression : emptyToNull(expression);
  const isNew = text !== now.transformExpression;
  const enabled = wished ?? (isNew ? text !== null : now.transformEnabled);
  if (enabled && text === null) return null;
  return {
    ...(typeof wished === "boolean" || enabled !== now.transformEnabled ? { transformEnabled: enabled } : {}),
    ...(isNew ? { transformExpression: text } : {}),
  };
};
