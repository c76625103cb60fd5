import { headersRead } from "./_preset-rules.ts";
import type { Catalog } from "./catalog.ts";
import type { Preset, TextPlace } from "./preset.ts";
import type { HmacAlgorithm, Scheme } from "./scheme.ts";

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

/**
 * The preset that holds for one source, with the source's own settings where the preset leaves them to it; undefined
 * when there is no preset of that name.
 */
export const presetFor = (catalog: Catalog, settings: SourceSettings): Preset | undefined => {
  const preset = catalog.get(settings.provider);
  if (preset?.configurable !== true) return preset;
  const configured = {
    ...preset,
    verification: schemeOf(settings),
    eventType: eventTypePlaceOf(settings),
  };
  return { ...configured, ownHeaders: headersRead(configured) };
};
