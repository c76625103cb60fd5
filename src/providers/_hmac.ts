import { createHmac } from "node:crypto";

import { type Headers, replaceHeaders } from "../lib/headers.ts";
import { webhookKeysOfSender } from "../lib/webhook-key.ts";
import { isSameSignature } from "./_constant-time.ts";
import { encodingsOf, hmacHeaders, readProof, writeProof } from "./_hmac-headers.ts";
import { type Message, signedContent } from "./_signed-content.ts";
import { isStale, writeTimestamp } from "./_signed-time.ts";
import { soleHeaderRefusal } from "./_sole-header.ts";
import { urlsWithAnyPort } from "./_url-port.ts";
import type { HmacScheme } from "./scheme.ts";
import { accepted, refused, type Verdict } from "./verdict.ts";

const keysOf = ({ key = "text" }: HmacScheme, secret: string): readonly [Buffer, ...Buffer[]] => {
  switch (key) {
    case "text":
      return [Buffer.from(secret, "utf8")];
    case "standard_webhooks":
      return webhookKeysOfSender(secret);
  }
};

/** The signature in each of the ways in which it may be written. */
const signaturesOf = (scheme: HmacScheme, key: Buffer, content: readonly Uint8Array[]): readonly string[] => {
  const mac = createHmac(scheme.algorithm, key);
  for (const bytes of content) mac.update(bytes);
  const digest = mac.digest();
  return encodingsOf(scheme).map((encoding) => digest.toString(encoding));
};

/** What may have been signed: one text, or one for each form of the URL. Empty when no signature can be genuine. */
const contentsOf = (scheme: HmacScheme, message: Message, timestamp: string): readonly (readonly Uint8Array[])[] => {
  const { url = "" } = message;
  const urls = scheme.port === "any" ? urlsWithAnyPort(url) : [url];
  return urls
    .map((each) => signedContent(scheme.signed, { ...message, url: each }, timestamp))
    .filter((content) => content !== null);
};

/** Verifies an HMAC. The time is judged last, so that `stale` is said of genuine requests only. */
export const verifyHmac = (
  scheme: HmacScheme,
  request: Message & { secrets: readonly string[]; nowMs: number; toleranceSeconds?: number | undefined },
): Verdict => {
  for (const name of hmacHeaders(scheme)) {
    const refusal = soleHeaderRefusal(request.headers, name);
    if (refusal !== null) return refused(refusal);
  }
  const proof = readProof(scheme, request.headers);
  if (proof === null) return refused("malformed");
  const contents = contentsOf(scheme, request, proof.timestamp);
  const isGenuine = request.secrets
    .flatMap((secret) => keysOf(scheme, secret))
    .some((key) => {
      const expected = contents.flatMap((content) => signaturesOf(scheme, key, content));
      // A header is at most 16 KiB, so the list is short beside the HMACs of a key.
      return proof.signatures.some((given) => expected.some((text) => isSameSignature(given, text)));
    });
  if (!isGenuine) return refused("mismatch");
  const time = scheme.timestamp;
  if (time === null) return accepted;
  const toleranceSeconds = request.toleranceSeconds ?? time.toleranceSeconds;
  return isStale(time, proof.timestamp, request.nowMs, toleranceSeconds) ? refused("stale") : accepted;
};

/** `headers` with the proof that the sender itself would make at `nowMs`. */
export const signHmac = (
  scheme: HmacScheme,
  message: Message,
  { secret, nowMs }: { secret: string; nowMs: number },
): Headers => {
  const timestamp = scheme.timestamp === null ? "" : writeTimestamp(scheme.timestamp, nowMs);
  const [key] = keysOf(scheme, secret);
  const [signature = ""] = signaturesOf(scheme, key, signedContent(scheme.signed, message, timestamp) ?? []);
  return replaceHeaders(message.headers, writeProof(scheme, signature, timestamp));
};
