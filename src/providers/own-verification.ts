import { partsOf } from "./_signed-template.ts";
import { defined, headerPattern, readConfig, type VerificationConfig } from "./_verification-config.ts";
import { describeVerification } from "./describe-verification.ts";
import type { HmacAlgorithm, HmacScheme, Scheme, SignedPart } from "./scheme.ts";
import { type OwnVerification, type VerificationType, verificationTypes } from "./verification-type.ts";

/** The field that a refusal is about. */
export type VerificationField = "verification_type" | "verification_header" | "verification_config";

/** What a source's own way to verify comes to. The message of a refusal goes on from the field's name. */
export type ReadVerification =
  | { readonly kind: "scheme"; readonly scheme: Scheme }
  | { readonly kind: "refused"; readonly field: VerificationField; readonly message: string };

const defaultHeader = "x-webhook-signature";
const toleranceSecondsDefault = 300;

const refuse = (field: VerificationField, message: string): ReadVerification => ({ kind: "refused", field, message });
const accept = (scheme: Scheme): ReadVerification => ({ kind: "scheme", scheme });

const typeOf = (written: string): VerificationType | undefined => {
  const name = written.toLowerCase().replaceAll("-", "_");
  return verificationTypes.find((type) => type === name);
};

const timeOf = (config: VerificationConfig): HmacScheme["timestamp"] => {
  const { timestamp_key: key, timestamp_header: name, timestamp_format: format } = config;
  if (key === undefined && name === undefined) return null;
  return {
    ...(format === undefined ? {} : { format }),
    place: key === undefined ? { in: "header", name: name ?? "" } : { in: "list", key },
    toleranceSeconds: config.tolerance_seconds ?? toleranceSecondsDefault,
    future: "refused",
  };
};

const signedOf = ({ signed }: VerificationConfig, isTimed: boolean): readonly SignedPart[] | null => {
  if (signed !== undefined) return partsOf(signed);
  return isTimed ? ["timestamp", { text: "." }, "body"] : ["body"];
};

const formOf = (algorithm: HmacAlgorithm, config: VerificationConfig): HmacScheme["form"] => {
  if (config.signature_key !== undefined) {
    return {
      kind: "list",
      separator: config.separator ?? ",",
      assign: config.assign ?? "=",
      key: config.signature_key,
    };
  }
  return config.prefix === undefined
    ? { kind: "plain", prefix: `${algorithm}=`, optional: true }
    : { kind: "plain", prefix: config.prefix };
};

const hmac = (algorithm: HmacAlgorithm, header: string, config: VerificationConfig): ReadVerification => {
  const timestamp = timeOf(config);
  const signed = signedOf(config, timestamp !== null);
  if (signed === null) return refuse("verification_config", "has a 'signed' with an unknown placeholder");
  if (!(["body", "body_but_words", "form"] as const).some((part) => signed.includes(part))) {
    return refuse("verification_config", "has a 'signed' without {body}");
  }
  if (signed.includes("timestamp") !== (timestamp !== null)) {
    return refuse("verification_config", "must say where the time is if, and only if, the time is signed");
  }
  if (config.timestamp_key !== undefined && config.signature_key === undefined) {
    return refuse("verification_config", "needs a 'signature_key' beside 'timestamp_key'");
  }
  const form = formOf(algorithm, config);
  return accept({
    kind: "hmac",
    algorithm,
    encoding: config.encoding ?? "either",
    header,
    form,
    timestamp,
    signed,
    ...(config.port === undefined ? {} : { port: config.port }),
  });
};

const publicKey = (
  algorithm: "ed25519" | "ecdsa_p256",
  header: string,
  config: VerificationConfig,
): ReadVerification => {
  if (config.timestamp_header === undefined) {
    return refuse("verification_config", `needs a 'timestamp_header' for type ${algorithm}`);
  }
  const signed = config.signed === undefined ? (["timestamp", "body"] as const) : partsOf(config.signed);
  if (signed?.includes("body") !== true || !signed.includes("timestamp")) {
    return refuse("verification_config", "has a 'signed' without {timestamp} and {body}");
  }
  const encoding = config.encoding ?? (algorithm === "ed25519" ? "hex" : "base64");
  return accept({
    kind: "public_key",
    algorithm,
    encoding,
    header,
    timestampHeader: config.timestamp_header,
    ...(config.tolerance_seconds === undefined ? {} : { toleranceSeconds: config.tolerance_seconds }),
    signed,
  });
};

const schemeOf = (type: VerificationType, header: string | null, config: VerificationConfig): ReadVerification => {
  const signatureHeader = header ?? defaultHeader;
  switch (type) {
    case "hmac_sha256":
      return hmac("sha256", signatureHeader, config);
    case "hmac_sha1":
      return hmac("sha1", signatureHeader, config);
    case "hmac_sha512":
      return hmac("sha512", signatureHeader, config);
    case "standard_webhooks": {
      const isSvix = header?.startsWith("svix-") === true;
      return accept({ kind: "standard_webhooks", prefix: config.header_prefix ?? (isSvix ? "svix" : "webhook") });
    }
    case "ed25519":
    case "ecdsa_p256":
      return publicKey(type, signatureHeader, config);
    case "basic":
      return accept({ kind: "basic" });
    case "bearer":
      return accept({ kind: "bearer" });
    case "jwt":
      return accept({
        kind: "jwt",
        header: header ?? "authorization",
        issuer: config.issuer ?? null,
        audience: config.audience ?? null,
      });
    case "token":
      return accept({
        kind: "token",
        place:
          config.query === undefined
            ? { in: "header", name: header ?? "x-webhook-token" }
            : { in: "query", name: config.query },
      });
  }
};

const headerOf = (written: string | null): string | null | undefined => {
  const header = written?.toLowerCase() ?? null;
  return header === null || headerPattern.test(header) ? header : undefined;
};

/** What a source's config goes on from: the preset's own, where it is of the same type. */
const configBelow = (below: OwnVerification | null, type: VerificationType): VerificationConfig => {
  if (below?.type !== type) return {};
  const config = readConfig(below.config);
  return typeof config === "string" ? {} : config;
};

/**
 * The scheme of a source that says itself how its sender signs. What it leaves open is the type's default when only type and
 * header are there; with a config, it is what `base` says, the scheme of the source's preset.
 */
export const readVerification = (own: OwnVerification, base: Scheme): ReadVerification => {
  const below = describeVerification(base);
  const written = own.type ?? below?.type;
  if (written === undefined || written === null) return refuse("verification_type", "is required to verify");
  const type = typeOf(written);
  if (type === undefined) return refuse("verification_type", `must be one of ${verificationTypes.join(", ")}`);
  const isMerged = own.config !== null;
  const header = headerOf(own.header ?? (isMerged ? (below?.header ?? null) : null));
  if (header === undefined) return refuse("verification_header", "must be a header's name");
  const config = readConfig(own.config);
  if (typeof config === "string") return refuse("verification_config", config);
  return schemeOf(type, header, { ...(isMerged ? configBelow(below, type) : {}), ...defined(config) });
};
