import { findHeader, type Headers } from "../lib/headers.ts";
import { signedHeaders } from "./_signed-content.ts";
import { isTimestamp } from "./_signed-time.ts";
import type { HmacScheme } from "./scheme.ts";

/** What a request carries as its proof: the text of each signature, and the time where the scheme has one. */
export type CarriedProof = { signatures: readonly string[]; timestamp: string };

const digestBytes = { sha1: 20, sha256: 32, sha512: 64 } as const;
const alphabets = { hex: /^[0-9a-f]+$/, base64: /^[A-Za-z0-9+/]+={0,2}$/ } as const;

/** The ways in which a signature may be written; the first is the one that we would write. */
export const encodingsOf = ({ encoding }: HmacScheme): readonly ("hex" | "base64")[] =>
  encoding === "either" ? ["hex", "base64"] : [encoding];

/**
 * Only the exact text that the sender's library writes can match, so anything else is recognised by its form: upper-case
 * hex, other base64 alphabets, truncated and extended signatures, a digest of another algorithm.
 */
const isWellFormed = (scheme: HmacScheme, signature: string): boolean => {
  const bytes = digestBytes[scheme.algorithm];
  return encodingsOf(scheme).some((encoding) => {
    const length = encoding === "hex" ? bytes * 2 : Math.ceil(bytes / 3) * 4;
    return signature.length === length && alphabets[encoding].test(signature);
  });
};

type Entry = { key: string; value: string };

const listEntries = (value: string, separator: string, assign: string): Entry[] =>
  value.split(separator).map((item) => {
    const [key = "", ...rest] = item.split(assign);
    return { key, value: rest.join(assign) };
  });

const entriesOf = (scheme: HmacScheme, value: string): Entry[] => {
  switch (scheme.form.kind) {
    case "plain":
      if (value.startsWith(scheme.form.prefix)) return [{ key: "", value: value.slice(scheme.form.prefix.length) }];
      return scheme.form.optional === true ? [{ key: "", value }] : [];
    case "list":
      return listEntries(value, scheme.form.separator, scheme.form.assign);
  }
};

const timestampOf = (scheme: HmacScheme, headers: Headers, entries: readonly Entry[]): string | null => {
  if (scheme.timestamp === null) return "";
  const { place } = scheme.timestamp;
  const [timestamp = "", ...repeats] =
    place.in === "header"
      ? [findHeader(headers, place.name)]
      : entries.filter(({ key }) => key === place.key).map(({ value }) => value);
  return repeats.length === 0 && isTimestamp(scheme.timestamp, timestamp) ? timestamp : null;
};

/** The headers that a scheme reads, each of which must be there once. */
export const hmacHeaders = ({ header, timestamp, signed }: HmacScheme): readonly string[] => {
  const names = [header];
  if (timestamp?.place.in === "header") names.push(timestamp.place.name);
  return [...names, ...signedHeaders(signed)];
};

/** Reads the proof from headers that were found to be there once, or null when it has not the scheme's form. */
export const readProof = (scheme: HmacScheme, headers: Headers): CarriedProof | null => {
  const entries = entriesOf(scheme, findHeader(headers, scheme.header) ?? "");
  const { form } = scheme;
  const signatures = entries
    .filter(({ key, value }) => (form.kind === "plain" || key === form.key) && isWellFormed(scheme, value))
    .map(({ value }) => value);
  const timestamp = timestampOf(scheme, headers, entries);
  return signatures.length === 0 || timestamp === null ? null : { signatures, timestamp };
};

/** The headers that carry a proof: the inverse of `readProof`. */
export const writeProof = (scheme: HmacScheme, signature: string, timestamp: string): Headers => {
  const { form } = scheme;
  const place = scheme.timestamp?.place;
  const own: Headers = place?.in === "header" ? [[place.name, timestamp]] : [];
  switch (form.kind) {
    case "plain":
      return [...own, [scheme.header, `${form.prefix}${signature}`]];
    case "list": {
      const listed = place?.in === "list" ? [`${place.key}${form.assign}${timestamp}`] : [];
      return [...own, [scheme.header, [...listed, `${form.key}${form.assign}${signature}`].join(form.separator)]];
    }
  }
};
