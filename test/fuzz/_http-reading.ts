import { METHODS } from "node:http";

import type { Headers } from "../../src/lib/headers.ts";

/** A request as RFC 9112 lets nobody read it otherwise. */
export type ReadRequest = {
  readonly method: string;
  readonly target: string;
  /** In lower case, white space around values taken off. */
  readonly headers: Headers;
  readonly body: Buffer;
  /** There is room for opinion: a server may refuse it, or limit it. */
  readonly isDoubtful: boolean;
};

/** What a connection carries, and how it ends: between two requests, in what is no request, or in the middle of one. */
export type Reading = { readonly requests: readonly ReadRequest[]; readonly end: "clean" | "broken" | "unfinished" };

/** Why reading stops where it does. */
class Stop extends Error {
  readonly end: "broken" | "unfinished";
  constructor(end: "broken" | "unfinished") {
    super(end);
    this.end = end;
  }
}

type Cursor = { readonly text: string; at: number };

const methods = new Set(METHODS);
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const extension = /^(;[!#$%&'*+.^_`|~0-9A-Za-z-]+(=([!#$%&'*+.^_`|~0-9A-Za-z-]+|"[\t\x20!\x23-\x5b\x5d-\x7e]*"))?)*$/;
/** What fits into 64 bits. */
const lengthMax = 2n ** 64n - 1n;
/** From here on a head may be too large for a server. */
const headDoubtfulBytes = 8_000;
const headersDoubtful = 200;

const broken = (): never => {
  throw new Stop("broken");
};

/** A line without its end, which is CR LF and nothing else. */
const line = (cursor: Cursor): string => {
  const { text, at } = cursor;
  const end = text.slice(at).search(/[\r\n]/) + at;
  if (end < at) throw new Stop("unfinished");
  if (text[end] === "\n") return broken();
  if (end + 1 === text.length) throw new Stop("unfinished");
  if (text[end + 1] !== "\n") return broken();
  cursor.at = end + 2;
  return text.slice(at, end);
};

const fields = (cursor: Cursor): Headers => {
  const headers: [string, string][] = [];
  for (;;) {
    const text = line(cursor);
    if (text === "") return headers;
    const colon = text.indexOf(":");
    const [name, value] = [text.slice(0, colon), text.slice(colon + 1)];
    if (colon === -1 || !token.test(name) || !fieldValue.test(value)) return broken();
    headers.push([name.toLowerCase(), value.replaceAll(/^[\t ]+|[\t ]+$/g, "")]);
  }
};

const take = (cursor: Cursor, bytes: number): string => {
  if (cursor.at + bytes > cursor.text.length) throw new Stop("unfinished");
  cursor.at += bytes;
  return cursor.text.slice(cursor.at - bytes, cursor.at);
};

/** The data of all chunks, and whether there is anything about them that few servers see. */
const chunks = (cursor: Cursor): { body: string; isDoubtful: boolean } => {
  let body = "";
  let isDoubtful = false;
  for (;;) {
    const [, size = "", rest = ""] = /^([0-9a-fA-F]+)(.*)$/s.exec(line(cursor)) ?? broken();
    if (!extension.test(rest)) isDoubtful = true;
    const bytes = BigInt(`0x${size}`);
    if (bytes > lengthMax) return broken();
    if (bytes === 0n) break;
    body += take(cursor, Number(bytes));
    if (take(cursor, 2) !== "\r\n") return broken();
  }
  const trailers = fields(cursor);
  return { body, isDoubtful: isDoubtful || trailers.length > 0 };
};

const valuesOf = (headers: Headers, name: string): string[] =>
  headers.filter(([here]) => here === name).map(([, value]) => value);

const framed = (cursor: Cursor, headers: Headers, version: string): { body: string; isDoubtful: boolean } => {
  const codings = valuesOf(headers, "transfer-encoding");
  const lengths = valuesOf(headers, "content-length");
  if (codings.length > 0) {
    const isPlain = codings.length === 1 && codings[0]!.toLowerCase() === "chunked" && version === "1.1";
    return isPlain && lengths.length === 0 ? chunks(cursor) : broken();
  }
  if (lengths.length === 0) return { body: "", isDoubtful: false };
  const [length = ""] = lengths;
  if (lengths.length > 1 || !/^\d+$/.test(length) || BigInt(length) > lengthMax) return broken();
  return { body: take(cursor, Number(length)), isDoubtful: false };
};

/** Targets about which servers differ: neither a plain path nor something that no target is. */
const isDoubtfulTarget = (target: string): boolean => !/^\/[\x21-\x7e]*$/.test(target) || /[#"<>\\^`{|}]/.test(target);

const request = (cursor: Cursor): ReadRequest => {
  const from = cursor.at;
  const [, method = "", target = "", version = ""] =
    /^([A-Z-]+) +([^ ]+) HTTP\/(1\.[01])$/.exec(line(cursor)) ?? broken();
  if (!methods.has(method) || /[^\x21-\x7e]/.test(target)) return broken();
  const headers = fields(cursor);
  const isLarge = cursor.at - from > headDoubtfulBytes || headers.length > headersDoubtful;
  const hosts = valuesOf(headers, "host").length;
  if (hosts !== 1 && !(hosts === 0 && version === "1.0")) return broken();
  const { body, isDoubtful } = framed(cursor, headers, version);
  return {
    method,
    target,
    headers,
    body: Buffer.from(body, "latin1"),
    isDoubtful: isDoubtful || isLarge || isDoubtfulTarget(target),
  };
};

/** Reads all that a connection carries, strictly. */
export const readStrictly = (bytes: Uint8Array): Reading => {
  const cursor: Cursor = { text: Buffer.from(bytes).toString("latin1"), at: 0 };
  const requests: ReadRequest[] = [];
  for (;;) {
    // Empty lines before a request are skipped.
    while (/[\r\n]/.test(cursor.text[cursor.at] ?? "")) cursor.at += 1;
    if (cursor.at === cursor.text.length) return { requests, end: "clean" };
    try {
      requests.push(request(cursor));
    } catch (error) {
      if (error instanceof Stop) return { requests, end: error.end };
      throw error;
    }
  }
};
