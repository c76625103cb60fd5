import { headersRead } from "./_preset-rules.ts";
import type { Catalog } from "./catalog.ts";
import { credentialPlaces } from "./credential-headers.ts";
import { readVerification } from "./own-verification.ts";
import type { Preset, TextPlace } from "./preset.ts";
import type { HmacAlgorithm, Scheme } from "./scheme.ts";
import type { OwnVerification } from "./verification-type.ts";

/** What a source says about its sender. All but `provider` count only when the preset leaves it to the source. */
export type SourceSettings = {
  /** The preset's name. */
  provider: string;
  /** The header that holds the signature in lower-case hex, without a prefix. */
  signingHeader: string | null;
  /** Null acts as `sha256`. */
  signingAlgorithm: HmacAlgorithm | null;
  eventTypeSource: "body" | "header" | null;
  /** A dot path into the JSON body, or a header's name. */
  eventTypePath: string | null;
  /** How the source says itself that its sender signs. Null: as the preset says. */
  verification?: OwnVerification | null;
};

const schemeOf = ({ signingHeader, signingAlgorithm }: SourceSettings): Scheme => {
  if (signingHeader === null || signingHeader === "") return { kind: "unverifiable" };
  return {
    kind: "hmac",
    algorithm: signingAlgorithm ?? "sha256",
    encoding: "hex",
    header: signingHeader.toLowerCase(),
    form: { kind: "plain", prefix: "" },
    timestamp: null,
    signed: ["body"],
  };
};

const eventTypePlaceOf = ({ eventTypeSource, eventTypePath }: SourceSettings): TextPlace | null => {
  if (eventTypeSource === null || eventTypePath === null || eventTypePath === "") return null;
  switch (eventTypeSource) {
    case "body":
      return { in: "body", path: eventTypePath };
    case "header":
      return { in: "header", name: eventTypePath.toLowerCase() };
  }
};

/** What was refused when it was saved verifies nothing: a newer program may have known it. */
const withOwn = (preset: Preset, own: OwnVerification): Preset => {
  const read = readVerification(own, preset.verification);
  const verification: Scheme = read.kind === "scheme" ? read.scheme : { kind: "unverifiable" };
  const { handshake } = preset;
  // Whoever asks gets a word signed, which only the preset's own scheme does not take for an event.
  const changed = { ...preset, verification, handshake: handshake?.kind === "query_hmac" ? null : handshake };
  // The preset's own signature is forwarded no more than any other header of a sender that does not sign so.
  const credentials = credentialPlaces(verification).headers;
  const ownHeaders = new Set([...preset.ownHeaders, ...headersRead(changed)]);
  return { ...changed, ownHeaders: [...ownHeaders].filter((name) => !credentials.includes(name)) };
};

/**
 * The preset that holds for one source, with the source's own settings where the preset leaves them to it; undefined
 * when there is no preset of that name.
 */
export const presetFor = (catalog: Catalog, settings: SourceSettings): Preset | undefined => {
  const preset = catalog.get(settings.provider);
  if (preset === undefined) return undefined;
  const own = settings.verification ?? null;
  if (preset.configurable !== true) return own === null ? preset : withOwn(preset, own);
  const configured = {
    ...preset,
    verification: schemeOf(settings),
    eventType: eventTypePlaceOf(settings),
  };
  return own === null ? { ...configured, ownHeaders: headersRead(configured) } : withOwn(configured, own);
};
