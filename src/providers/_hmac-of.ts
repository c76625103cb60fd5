import { findHeader, type Headers } from "../lib/headers.ts";
import type { HmacScheme, Scheme, StandardWebhooksScheme } from "./scheme.ts";

/**
 * Senders behind Svix may leave its brand out of the names, and its own library reads both. Here one `svix-` name is enough to
 * want the others: the delivery id is read from it, so it must be the one that is signed.
 */
const prefixOf = ({ prefix }: StandardWebhooksScheme, headers: Headers): StandardWebhooksScheme["prefix"] => {
  const isBranded = [`${prefix}-id`, `${prefix}-signature`].some((name) => findHeader(headers, name) !== undefined);
  return !isBranded && findHeader(headers, "webhook-signature") !== undefined ? "webhook" : prefix;
};

/**
 * Standard Webhooks as the HMAC that it is. The tolerance, and that it holds in both directions, are those of the
 * reference libraries.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const standardWebhooksHmac = (scheme: StandardWebhooksScheme, headers: Headers): HmacScheme => {
  const prefix = prefixOf(scheme, headers);
  return {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "base64",
    header: `${prefix}-signature`,
    form: { kind: "list", separator: " ", assign: ",", key: "v1" },
    timestamp: { place: { in: "header", name: `${prefix}-timestamp` }, toleranceSeconds: 300, future: "refused" },
    signed: [{ header: `${prefix}-id` }, { text: "." }, "timestamp", { text: "." }, "body"],
    key: "standard_webhooks",
  };
};

/** The HMAC that a scheme comes down to for a request with these headers, or null when it is of another kind. */
export const hmacOf = (scheme: Scheme, headers: Headers = []): HmacScheme | null => {
  switch (scheme.kind) {
    case "hmac":
      return scheme;
    case "standard_webhooks":
      return standardWebhooksHmac(scheme, headers);
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
