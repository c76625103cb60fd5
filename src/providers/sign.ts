import type { Headers } from "../lib/headers.ts";
import { signBodyProof } from "./_body-proof.ts";
import { hmacOf, standardWebhooksHmac } from "./_hmac-of.ts";
import { signHmac } from "./_hmac.ts";
import { signPublicKey } from "./_public-key.ts";
import { holdsElsewhere } from "./_signed-content.ts";
import type { Preset } from "./preset.ts";
import type { Scheme } from "./scheme.ts";

/**
 * What a signature is made with. `nowMs` is in Unix milliseconds. `secret` is the private key where the source's secret is
 * a public one. `url` is what the sender calls, for those who sign it.
 */
export type SigningKey = { secret: string; nowMs: number; url?: string };

/** A request that a sender could have made. `query` is the raw query string, without `?`. */
export type SampleRequest = { headers: Headers; query: string; body: Buffer };

/**
 * Whether a signature of this scheme ages, so that a receiver refuses it on a late retry or a replay, and can be made again
 * for it. What only a private key signs cannot; nor can what covers the URL, since a receiver has a URL of its own.
 */
export const isTimestamped = (scheme: Scheme): boolean => {
  const hmac = hmacOf(scheme);
  return hmac !== null && hmac.timestamp !== null && holdsElsewhere(hmac.signed);
};

/**
 * The headers of a stored request with the sender's signature made again for `nowMs`, or null when the scheme is not
 * `isTimestamped` (the stored signature holds for ever, or nobody but the sender can make it). Only for requests that were
 * found valid: otherwise this would turn a forgery into a genuine request.
 */
export const resign = (
  scheme: Scheme,
  request: { headers: Headers; body: Uint8Array },
  key: SigningKey,
): Headers | null => {
  const hmac = hmacOf(scheme, request.headers);
  return hmac !== null && isTimestamped(hmac) ? signHmac(hmac, request, key) : null;
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
  const message = { headers, body, url: key.url };
  // A header value is one character per byte.
  const credential = Buffer.from(key.secret, "utf8").toString("latin1");
  switch (verification.kind) {
    case "hmac":
      return { headers: signHmac(verification, message, key), query: "", body };
    case "standard_webhooks":
      return { headers: signHmac(standardWebhooksHmac(verification, headers), message, key), query: "", body };
    case "public_key":
      return { headers: signPublicKey(verification, message, { ...key, privateKey: key.secret }), query: "", body };
    case "body_proof":
      return { headers, query: "", body: signBodyProof(verification, body, key.secret) };
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
    // Nobody but the sender knows what such a token says.
    case "jwt":
    case "unverifiable":
      return { headers, query: "", body };
  }
};
