import type { HmacScheme, Scheme, StandardWebhooksScheme } from "./scheme.ts";

/**
 * Standard Webhooks as the HMAC that it is. The tolerance, and that it holds in both directions, are those of the
 * reference libraries.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const standardWebhooksHmac = ({ prefix }: StandardWebhooksScheme): HmacScheme => ({
  kind: "hmac",
  algorithm: "sha256",
  encoding: "base64",
  header: `${prefix}-signature`,
  form: { kind: "list", separator: " ", assign: ",", key: "v1" },
  timestamp: { place: { in: "header", name: `${prefix}-timestamp` }, toleranceSeconds: 300, future: "refused" },
  signed: [{ header: `${prefix}-id` }, { text: "." }, "timestamp", { text: "." }, "body"],
  key: "standard_webhooks",
});

/** The HMAC that a scheme comes down to, or null when it is of another kind. */
export const hmacOf = (scheme: Scheme): HmacScheme | null => {
  switch (scheme.kind) {
    case "hmac":
      return scheme;
    case "standard_webhooks":
      return standardWebhooksHmac(scheme);
    case "public_key":
    case "body_proof":
    case "token":
    case "bearer":
    case "basic":
    case "jwt":
    case "unverifiable":
      return null;
  }
};
