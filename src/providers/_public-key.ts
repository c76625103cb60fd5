import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

import { findHeader, type Headers, replaceHeaders } from "../lib/headers.ts";
import { type Message, signedContent, signedHeaders } from "./_signed-content.ts";
import { isStale, isTimestamp, writeTimestamp } from "./_signed-time.ts";
import { soleHeaderRefusal } from "./_sole-header.ts";
import type { PublicKeyScheme, SignedTime } from "./scheme.ts";
import { accepted, refused, type Verdict } from "./verdict.ts";

const timeOf = ({ timestampHeader, toleranceSeconds = 0 }: PublicKeyScheme): SignedTime => ({
  place: { in: "header", name: timestampHeader },
  toleranceSeconds,
  future: "accepted",
});

/** An Ed25519 signature has one length; one of P-256 in DER has at most this many bytes. */
const signatureBytesMax = 72;

/** The longest public key that is worth reading, as text: an SPKI of P-256 in PEM has 178 characters. */
const keyCharsMax = 1_024;

/** What stands before the 32 bytes of an Ed25519 key in an SPKI (RFC 8410). */
const ed25519Prefix = Buffer.from("302a300506032b6570032100", "hex");

const derOf = ({ algorithm }: PublicKeyScheme, text: string): Buffer | null => {
  if (algorithm === "ecdsa_p256") return Buffer.from(text.replaceAll(/-----[A-Z ]+-----|\s/g, ""), "base64");
  return /^[0-9a-f]{64}$/i.test(text) ? Buffer.concat([ed25519Prefix, Buffer.from(text, "hex")]) : null;
};

/** Null when the text is no key of this kind: then nothing is genuine under it. */
const publicKeyOf = (scheme: PublicKeyScheme, secret: string): KeyObject | null => {
  const text = secret.trim();
  const der = text.length > keyCharsMax ? null : derOf(scheme, text);
  if (der === null) return null;
  try {
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    const isOfScheme =
      scheme.algorithm === "ed25519"
        ? key.asymmetricKeyType === "ed25519"
        : key.asymmetricKeyDetails?.namedCurve === "prime256v1";
    return isOfScheme ? key : null;
  } catch {
    return null;
  }
};

const digestOf = ({ algorithm }: PublicKeyScheme): string | null => (algorithm === "ed25519" ? null : "sha256");

/** The signature's bytes, when they are written as the sender writes them and in no other way. */
const readSignature = ({ encoding }: PublicKeyScheme, text: string): Buffer | null => {
  if (text.length > signatureBytesMax * 2) return null;
  const signature = Buffer.from(text, encoding);
  return signature.length > 0 && signature.length <= signatureBytesMax && signature.toString(encoding) === text
    ? signature
    : null;
};

/** The headers that a scheme reads, each of which must be there once. */
export const publicKeyHeaders = ({ header, timestampHeader, signed }: PublicKeyScheme): readonly string[] => [
  header,
  timestampHeader,
  ...signedHeaders(signed),
];

/** Verifies a signature of a private key. The time is judged last, so that `stale` is said of genuine requests only. */
export const verifyPublicKey = (
  scheme: PublicKeyScheme,
  request: Message & { secrets: readonly string[]; nowMs: number; toleranceSeconds?: number | undefined },
): Verdict => {
  for (const name of publicKeyHeaders(scheme)) {
    const refusal = soleHeaderRefusal(request.headers, name);
    if (refusal !== null) return refused(refusal);
  }
  const time = timeOf(scheme);
  const timestamp = findHeader(request.headers, scheme.timestampHeader) ?? "";
  const signature = readSignature(scheme, findHeader(request.headers, scheme.header) ?? "");
  if (signature === null || !isTimestamp(time, timestamp)) return refused("malformed");
  const content = signedContent(scheme.signed, request, timestamp);
  if (content === null) return refused("mismatch");
  const bytes = Buffer.concat(content);
  const isGenuine = request.secrets
    .map((secret) => publicKeyOf(scheme, secret))
    .some((key) => key !== null && verify(digestOf(scheme), bytes, key, signature));
  if (!isGenuine) return refused("mismatch");
  const toleranceSeconds = request.toleranceSeconds ?? time.toleranceSeconds;
  return isStale(time, timestamp, request.nowMs, toleranceSeconds) ? refused("stale") : accepted;
};

/**
 * `message` signed as the sender itself would at `nowMs`. `privateKey` is a PKCS #8 in base64, which only samples have.
 * @throws when it is no such key.
 */
export const signPublicKey = (
  scheme: PublicKeyScheme,
  message: Message,
  { privateKey, nowMs }: { privateKey: string; nowMs: number },
): Headers => {
  const timestamp = writeTimestamp(timeOf(scheme), nowMs);
  const key = createPrivateKey({ key: Buffer.from(privateKey, "base64"), format: "der", type: "pkcs8" });
  const content = signedContent(scheme.signed, message, timestamp) ?? [];
  const signature = sign(digestOf(scheme), Buffer.concat(content), key).toString(scheme.encoding);
  return replaceHeaders(message.headers, [
    [scheme.timestampHeader, timestamp],
    [scheme.header, signature],
  ]);
};
