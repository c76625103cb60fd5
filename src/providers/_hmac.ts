import { createHmac } from "node:crypto";

import { findHeader, type Headers, replaceHeaders } from "../lib/headers.ts";
import { webhookKeysOfSender } from "../lib/webhook-key.ts";
import { isSameSignature } from "./_constant-time.ts";
import { hmacHeaders, readProof, writeProof } from "./_hmac-headers.ts";
import { soleHeaderRefusal } from "./_sole-header.ts";
import type { HmacScheme, SignedTime } from "./scheme.ts";
import { accepted, refused, type Verdict } from "./verdict.ts";

type Message = { headers: Headers; body: Uint8Array };

const keysOf = ({ key = "text" }: HmacScheme, secret: string): readonly [Buffer, ...Buffer[]] => {
  switch (key) {
    case "text":
      return [Buffer.from(secret, "utf8")];
    case "standard_webhooks":
      return webhookKeysOfSender(secret);
  }
};

const signatureOf = (scheme: HmacScheme, key: Buffer, message: Message, timestamp: string): string => {
  const mac = createHmac(scheme.algorithm, key);
  for (const part of scheme.signed) {
    if (part === "body") mac.update(message.body);
    else if (part === "timestamp") mac.update(timestamp);
    else if ("text" in part) mac.update(part.text);
    else mac.update(findHeader(message.headers, part.header) ?? "", "latin1");
  }
  return mac.digest(scheme.encoding);
};

const isStale = (time: SignedTime, timestamp: string, nowMs: number, toleranceSeconds: number): boolean => {
  if (toleranceSeconds <= 0) return false;
  const ageSeconds = Math.floor(nowMs / 1000) - Number(timestamp);
  return ageSeconds > toleranceSeconds || (time.future === "refused" && -ageSeconds > toleranceSeconds);
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
  const isGenuine = request.secrets
    .flatMap((secret) => keysOf(scheme, secret))
    .some((key) => {
      const expected = signatureOf(scheme, key, request, proof.timestamp);
      // A header is at most 16 KiB, so the list is short beside the one HMAC per key.
      return proof.signatures.some((given) => isSameSignature(given, expected));
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
  { headers, body }: Message,
  { secret, nowMs }: { secret: string; nowMs: number },
): Headers => {
  const timestamp = scheme.timestamp === null ? "" : String(Math.floor(nowMs / 1000));
  const [key] = keysOf(scheme, secret);
  const signature = signatureOf(scheme, key, { headers, body }, timestamp);
  return replaceHeaders(headers, writeProof(scheme, signature, timestamp));
};
