import type { Scheme } from "./scheme.ts";

/** Names, in lower case for headers, whose values are secrets and are stored as `[redacted]`. */
export type CredentialPlaces = {
  headers: readonly string[];
  queryParameters: readonly string[];
};

/**
 * Where a source's credential travels in its requests. A signature is not a credential: it is worth nothing for
 * another body.
 */
export const credentialPlaces = (scheme: Scheme): CredentialPlaces => {
  switch (scheme.kind) {
    case "token":
      return scheme.place.in === "header"
        ? { headers: [scheme.place.name], queryParameters: [] }
        : { headers: [], queryParameters: [scheme.place.name] };
    case "jwt":
      return { headers: [scheme.header], queryParameters: [] };
    case "bearer":
    case "basic":
      return { headers: ["authorization"], queryParameters: [] };
    case "hmac":
    case "standard_webhooks":
    case "public_key":
    case "body_proof":
    case "unverifiable":
      return { headers: [], queryParameters: [] };
  }
};
