import { createECDH, createHash, createPrivateKey, createPublicKey } from "node:crypto";

import { replaceHeaders } from "../../src/lib/headers.ts";
import { loadPresets } from "../../src/providers/catalog.ts";
import type { Preset } from "../../src/providers/preset.ts";
import { type SampleRequest, signSample } from "../../src/providers/sign.ts";
import { presetFor, type SourceSettings } from "../../src/providers/source-preset.ts";
import type { Verdict } from "../../src/providers/verdict.ts";
import { verify } from "../../src/providers/verify.ts";

/** The moment at which tests sign and verify, in Unix milliseconds. */
export const nowMs = 1_700_000_000_000;

/** Settings under which every preset can verify its sample, the configurable ones too. */
export const settingsOf = (provider: string): SourceSettings => ({
  provider,
  signingHeader: "X-Signature",
  signingAlgorithm: null,
  eventTypeSource: "body",
  eventTypePath: "type",
});

const catalog = await loadPresets();

/** One shipped preset, as it holds for a source with `settingsOf`. */
export const shippedPreset = (name: string): Preset => {
  const preset = presetFor(catalog, settingsOf(name));
  if (preset === undefined) throw new Error(`there is no preset "${name}"`);
  return preset;
};

/** Every one of them. */
export const shippedPresets: readonly Preset[] = [...catalog.keys()].map(shippedPreset);

/** A signed sample with one header set to what a test wants to try. */
export const withHeader = (request: SampleRequest, name: string, value: string): SampleRequest => ({
  ...request,
  headers: replaceHeaders(request.headers, [[name, value]]),
});

/** What senders call, in tests that have no gateway. */
export const ingestUrl = "https://hooks.example.com/in/slug";

const privateKeyOf = (algorithm: "ed25519" | "ecdsa_p256", seed: Buffer): Buffer => {
  if (algorithm === "ed25519") return Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const curve = createECDH("prime256v1");
  curve.setPrivateKey(seed);
  const point = curve.getPublicKey();
  const [d, x, y] = [seed, point.subarray(1, 33), point.subarray(33)].map((bytes) => bytes.toString("base64url"));
  const key = createPrivateKey({ key: { kty: "EC", crv: "P-256", d: d!, x: x!, y: y! }, format: "jwk" });
  return key.export({ format: "der", type: "pkcs8" });
};

/** What the sender signs with where the two sides agreed on `secret`: a key pair made of it, where the sender has one. */
export const senderKey = ({ verification }: Preset, secret: string): string =>
  verification.kind === "public_key"
    ? privateKeyOf(verification.algorithm, createHash("sha256").update(secret).digest()).toString("base64")
    : secret;

/** What the source holds then. Nothing stays nothing. */
export const sourceSecret = (preset: Preset, secret: string): string => {
  const { verification } = preset;
  if (verification.kind !== "public_key" || secret.trim() === "") return secret;
  const key = createPrivateKey({ key: Buffer.from(senderKey(preset, secret), "base64"), format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return verification.algorithm === "ed25519" ? spki.subarray(-32).toString("hex") : spki.toString("base64");
};

/** The preset's sample, or any other body with its headers, signed at `nowMs` for `ingestUrl`. */
export const signedSample = (preset: Preset, secret: string, body?: string | Uint8Array): SampleRequest =>
  signSample(
    preset,
    { secret: senderKey(preset, secret), nowMs, url: ingestUrl },
    body === undefined ? undefined : Buffer.from(body),
  );

/** What one secret says about a request at `nowMs`. */
export const judge = (preset: Preset, request: SampleRequest, secret: string): Verdict =>
  verify(preset.verification, { ...request, url: ingestUrl, secrets: [sourceSecret(preset, secret)], nowMs });
