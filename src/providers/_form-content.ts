import { createHash } from "node:crypto";

/** Bytes are handled as latin1 text, so that no two of them become the same character. */
const unescapeBytes = (text: string): string =>
  text
    .replaceAll("+", " ")
    .replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const fieldOf = (pair: string): { name: string; value: string } => {
  const at = pair.indexOf("=");
  return at === -1
    ? { name: unescapeBytes(pair), value: "" }
    : { name: unescapeBytes(pair.slice(0, at)), value: unescapeBytes(pair.slice(at + 1)) };
};

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** The names and values of a form's fields, sorted, each once, without anything between them. */
const fieldsOf = (body: Uint8Array): string => {
  const pairs = Buffer.from(body).toString("latin1").split("&");
  const sorted = pairs.map(fieldOf).toSorted((a, b) => compare(a.name, b.name) || compare(a.value, b.value));
  return sorted
    .filter(({ name, value }, at) => name !== sorted[at - 1]?.name || value !== sorted[at - 1]?.value)
    .map(({ name, value }) => name + value)
    .join("");
};

/**
 * What Twilio signs of a body beside the URL: the fields of a form; nothing of any other body, whose digest is in the URL's
 * `bodySHA256`. Null when that digest is not this body's. What a form says is signed, and not how it is written.
 * https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
export const formContent = (url: string, body: Uint8Array): Buffer | null => {
  const at = url.indexOf("?");
  const digest = at === -1 ? null : new URLSearchParams(url.slice(at + 1)).get("bodySHA256");
  if (digest === null) return Buffer.from(fieldsOf(body), "latin1");
  return createHash("sha256").update(body).digest("hex") === digest ? Buffer.alloc(0) : null;
};
