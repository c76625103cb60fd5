import { createHmac } from "node:crypto";

import { readPath } from "../lib/json-path.ts";
import { isSameSignature } from "./_constant-time.ts";
import type { BodyProofScheme } from "./scheme.ts";
import { accepted, refused, type Verdict } from "./verdict.ts";

const signaturePattern = /^[0-9a-f]{64}$/;

/** Longer texts are no times or tokens. In UTF-16 units. */
const signedCharsMax = 255;

const parse = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    return undefined;
  }
};

const signatureOf = (texts: readonly string[], secret: string): string => {
  const mac = createHmac("sha256", secret);
  for (const text of texts) mac.update(text);
  return mac.digest("hex");
};

const textsAt = (body: unknown, paths: readonly string[]): string[] | null => {
  const texts = paths.map((path) => readPath(body, path)).filter((text) => typeof text === "string");
  return texts.length === paths.length && texts.every(({ length }) => length > 0 && length <= signedCharsMax)
    ? texts
    : null;
};

/** Verifies a proof that stands in the body. */
export const verifyBodyProof = (
  scheme: BodyProofScheme,
  { body, secrets }: { body: Uint8Array; secrets: readonly string[] },
): Verdict => {
  const parsed = parse(body);
  const given = readPath(parsed, scheme.signaturePath);
  if (given === undefined) return refused("missing_header");
  const texts = textsAt(parsed, scheme.signedPaths);
  if (typeof given !== "string" || !signaturePattern.test(given) || texts === null) return refused("malformed");
  const isGenuine = secrets.some((secret) => isSameSignature(given, signatureOf(texts, secret)));
  return isGenuine ? accepted : refused("mismatch");
};

/** A sample's body with the signature in the place of the one that stands there. */
export const signBodyProof = (scheme: BodyProofScheme, body: Buffer, secret: string): Buffer => {
  const parsed = parse(body);
  const texts = textsAt(parsed, scheme.signedPaths);
  const placeholder = readPath(parsed, scheme.signaturePath);
  if (texts === null || typeof placeholder !== "string") return body;
  return Buffer.from(body.toString("utf8").replace(placeholder, signatureOf(texts, secret)), "utf8");
};
