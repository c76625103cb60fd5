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

/** The preset's sample, or any other body with its headers, signed at `nowMs`. */
export const signedSample = (preset: Preset, secret: string, body?: string | Uint8Array): SampleRequest =>
  signSample(preset, { secret, nowMs }, body === undefined ? undefined : Buffer.from(body));

/** What one secret says about a request at `nowMs`. */
export const judge = (preset: Preset, request: SampleRequest, secret: string): Verdict =>
  verify(preset.verification, { ...request, secrets: [secret], nowMs });
