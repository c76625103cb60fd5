/** An object of JSON. Members are read by `memberOf` only: a name may be `constructor` or `__proto__`. */
export type JsonObject = Readonly<Record<string, unknown>>;

export type JsonType = "null" | "boolean" | "number" | "string" | "array" | "object";

/** What `value` is in JSON, or null for what JSON does not know. */
export const typeOf = (value: unknown): JsonType | null => {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const type = typeof value;
  return type === "boolean" || type === "number" || type === "string" || type === "object" ? type : null;
};

export const isObject = (value: unknown): value is JsonObject => typeOf(value) === "object";

export const isArray = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** An own member of `object`, or undefined. */
export const memberOf = (object: JsonObject, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined;

const isContainer = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Whether at most `depthMax` objects and arrays stand inside each other in `value`. Looks without recursion. */
export const isWithinDepth = (value: unknown, depthMax: number): boolean => {
  let level = [value].filter(isContainer);
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > depthMax) return false;
    level = level.flatMap((each): unknown[] => Object.values(each)).filter(isContainer);
  }
  return true;
};
