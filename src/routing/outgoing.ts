import { z } from "zod";

import type { AuthType } from "./destination.ts";

/** How the gateway signs in at a destination. `api_key`: a header of its own. */
export type Auth =
  | { readonly type: "bearer"; readonly token: string }
  | { readonly type: "basic"; readonly username: string; readonly password: string }
  | { readonly type: "api_key"; readonly header: string; readonly value: string };

/** How what is sent is signed, beside Standard Webhooks: an HMAC in hex, in a header of the user's choice. */
export type OutgoingSignature = {
  readonly secret: string;
  readonly algorithm: "sha256" | "sha1";
  readonly header: string;
  /** Stands before the digest. */
  readonly prefix: string;
  /** Whether `<Unix seconds>.<body>` is signed, and the time is sent in `timestampHeader`. */
  readonly includeTimestamp: boolean;
  readonly timestampHeader: string;
};

/** What goes to a destination beside the event. All of it may be secret: it lies sealed in the store. */
export type Outgoing = {
  /** Names as they were sent. */
  readonly headers: Readonly<Record<string, string>>;
  readonly auth: Auth | null;
  readonly signature: OutgoingSignature | null;
};

/** Of a destination that wants nothing of its own. */
export const plainOutgoing: Outgoing = { headers: {}, auth: null, signature: null };

/** Bounds of what people set. */
export const outgoingLimits: { readonly headersMax: number; readonly valueCharsMax: number } = {
  headersMax: 50,
  valueCharsMax: 8_192,
};

const auth: z.ZodType<Auth> = z.discriminatedUnion("type", [
  z.object({ type: z.literal("bearer"), token: z.string() }),
  z.object({ type: z.literal("basic"), username: z.string(), password: z.string() }),
  z.object({ type: z.literal("api_key"), header: z.string(), value: z.string() }),
]);

const signature: z.ZodType<OutgoingSignature> = z.object({
  secret: z.string(),
  algorithm: z.enum(["sha256", "sha1"]),
  header: z.string(),
  prefix: z.string(),
  includeTimestamp: z.boolean(),
  timestampHeader: z.string(),
});

const outgoing: z.ZodType<Outgoing> = z.object({
  headers: z.record(z.string(), z.string()),
  auth: auth.nullable(),
  signature: signature.nullable(),
});

/** The text that is sealed. Null: there is nothing in it. */
export const outgoingText = (parts: Outgoing): string | null =>
  Object.keys(parts.headers).length === 0 && parts.auth === null && parts.signature === null
    ? null
    : JSON.stringify(parts);

/** Reads that text. */
export const readOutgoing = (text: string | null): Outgoing =>
  text === null ? plainOutgoing : outgoing.parse(JSON.parse(text));

/** What lists show of it. */
export const authTypeOf = (parts: Pick<Outgoing, "auth">): AuthType => parts.auth?.type ?? "none";

/** Names that people cannot set: they frame the request, or belong to one hop. */
const reserved = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "webhook-id",
  "webhook-timestamp",
  "webhook-signature",
]);

/** Whether people may name a header like this. */
export const isOwnHeaderName = (name: string): boolean =>
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/.test(name) &&
  !reserved.has(name.toLowerCase()) &&
  !name.toLowerCase().startsWith("proxy-");

/** Whether a header may hold this: visible ASCII, spaces and tabs, and bytes above them. */
export const isHeaderValue = (value: string): boolean =>
  value.length <= outgoingLimits.valueCharsMax && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
