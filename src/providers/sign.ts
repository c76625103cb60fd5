import type { Headers } from "../lib/headers.ts";
import { hmacOf, standardWebhooksHmac } from "./_hmac-of.ts";
import { signHmac } from "./_hmac.ts";
import type { Preset } from "./preset.ts";
import type { Scheme } from "./scheme.ts";

/** What a signature is made with. `nowMs` is in Unix milliseconds. */
export type SigningKey = { secret: string; nowMs: number };

/** A request that a sender could have made. `query` is the raw query string, without `?`. */
export type SampleRequest = { headers: Headers; query: string; body: Buffer };

/** Whether a signature of this scheme ages, so that a receiver refuses it on a late retry or a replay. */
export const isTimestamped = (scheme: Scheme): boolean => (hmacOf(scheme)?.timestamp ?? null) !== null;

/**
 * The headers of a stored request with the sender's signature made again for `nowMs`, or null when the scheme has no
 * time (the stored signature holds for ever). Only for requests that were found valid: otherwise this would turn a
 * forgery into a genuine request.
 */
export const resign = (
  scheme: Scheme,
  request: { headers: Headers; body: Uint8Array },
  key: SigningKey,
): Headers | null => {
  const hmac = hmacOf(scheme);
  return hmac?.timestamp ? signHmac(hmac, request, key) : null;
};

/**
 * The preset's sample as the sender itself would send it: signed, or with the secret where the scheme has it. `body`
 * takes the place of the sample's own.
 */
export const signSample = (
  { verification, sample }: Preset,
  key: SigningKey,
  body: Buffer = Buffer.from(sample.body, "utf8"),
): SampleRequest => {
  const { headers } = sample;
  // A header value is one character per byte.
  const credential = Buffer.from(key.secret, "utf8").toString("latin1");
  switch (verification.kind) {
    case "hmac":
      return { headers: signHmac(verification, { headers, body }, key), query: "", body };
    case "standard_webhooks":
      return { headers: signHmac(standardWebhooksHmac(verification), { headers, body }, key), query: "", body };
    case "token": {
      const { place } = verification;
      return place.in === "header"
        ? { headers: [...headers, [place.name, credential]], query: "", body }
        : { headers, query: new URLSearchParams([[place.name, key.secret]]).toString(), body };
    }
    case "bearer":
      return { headers: [...headers, ["authorization", `Bearer ${credential}`]], query: "", body };
    case "basic": {
      const encoded = Buffer.from(key.secret, "utf8").toString("base64");
      return { headers: [...headers, ["authorization", `Basic ${encoded}`]], query: "", body };
    }
    case "unverifiable":
      return { headers, query: "", body };
  }
};
