import { textOf } from "./_signed-template.ts";
import { defined, type VerificationConfig } from "./_verification-config.ts";
import type { HmacScheme, Scheme } from "./scheme.ts";
import type { OwnVerification, VerificationType } from "./verification-type.ts";

const describeHmac = (scheme: HmacScheme): VerificationConfig => {
  const { form, timestamp } = scheme;
  const isList = form.kind === "list";
  return defined({
    encoding: scheme.encoding === "either" ? undefined : scheme.encoding,
    prefix: isList || form.optional === true ? undefined : form.prefix,
    ...(isList ? { signature_key: form.key, separator: form.separator, assign: form.assign } : {}),
    timestamp_header: timestamp?.place.in === "header" ? timestamp.place.name : undefined,
    timestamp_key: timestamp?.place.in === "list" ? timestamp.place.key : undefined,
    timestamp_format: timestamp?.format,
    tolerance_seconds: timestamp?.toleranceSeconds,
    signed: textOf(scheme.signed),
    port: scheme.port,
  });
};

const described = (type: VerificationType, header: string | null, config: VerificationConfig): OwnVerification => ({
  type,
  header,
  config: Object.keys(config).length === 0 ? null : JSON.stringify(config),
});

/** A scheme in the words of `OwnVerification`, for whoever asks how a source verifies; null when it does not. */
export const describeVerification = (scheme: Scheme): OwnVerification | null => {
  switch (scheme.kind) {
    case "hmac":
      return described(`hmac_${scheme.algorithm}`, scheme.header, describeHmac(scheme));
    case "standard_webhooks":
      return described(scheme.kind, `${scheme.prefix}-signature`, { header_prefix: scheme.prefix });
    case "public_key":
      return described(scheme.algorithm, scheme.header, {
        encoding: scheme.encoding,
        timestamp_header: scheme.timestampHeader,
        ...(scheme.toleranceSeconds === undefined ? {} : { tolerance_seconds: scheme.toleranceSeconds }),
        signed: textOf(scheme.signed),
      });
    case "body_proof":
      return described("hmac_sha256", null, {});
    case "token": {
      const { place } = scheme;
      return place.in === "header"
        ? described("token", place.name, {})
        : described("token", null, { query: place.name });
    }
    case "bearer":
    case "basic":
      return described(scheme.kind, "authorization", {});
    case "jwt": {
      const { issuer, audience } = scheme;
      return described("jwt", scheme.header, defined({ issuer: issuer ?? undefined, audience: audience ?? undefined }));
    }
    case "unverifiable":
      return null;
  }
};
