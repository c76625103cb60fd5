import { MalformedBodyError } from "./request-failure.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

type Parse = (text: string) => unknown;

const parseWith = (parse: Parse, bytes: Uint8Array): unknown => {
  try {
    return parse(utf8.decode(bytes));
  } catch (cause) {
    throw new MalformedBodyError("Request body is not valid JSON", { cause });
  }
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The object that a body holds; an empty one when there is no body. What a key `__proto__` holds becomes a property of
 * that name, and nobody reads it: schemas take the fields that they know. `parse` reads the text, and throws when it is no
 * JSON.
 * @throws {MalformedBodyError}
 */
export const readJsonBody = (bytes: Uint8Array, parse: Parse = JSON.parse): Record<string, unknown> => {
  if (bytes.length === 0) return {};
  const value = parseWith(parse, bytes);
  if (!isObject(value)) throw new MalformedBodyError("Request body must be a JSON object");
  return value;
};

/** A query as routes read it: the last of repeated values counts, and an empty one is none. */
export const readQuery = (query: unknown): Record<string, string> => {
  const read: Record<string, string> = {};
  for (const [name, values] of Object.entries(isObject(query) ? query : {})) {
    const value: unknown = Array.isArray(values) ? values.at(-1) : values;
    if (typeof value === "string" && value !== "" && name !== "__proto__") read[name] = value;
  }
  return read;
};
