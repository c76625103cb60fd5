import { allHeaders, type Headers } from "../lib/headers.ts";
import type { Refusal } from "./verdict.ts";

/** What no byte of a header can be: a character that latin1 would silently fold onto another. */
const notLatin1 = /[^\0-\xff]/;

/**
 * Why a header's value cannot be trusted to be the one value, or null when it can. Two headers of one name are refused
 * even when they agree: whoever reads the request after us may take the other one.
 */
export const soleHeaderRefusal = (headers: Headers, name: string): Refusal | null => {
  const [value, ...repeats] = allHeaders(headers, name);
  if (repeats.length > 0) return "malformed";
  if (value === undefined || value === "") return "missing_header";
  return notLatin1.test(value) ? "malformed" : null;
};
