import type { Headers } from "../lib/headers.ts";
import { verifyBodyProof } from "./_body-proof.ts";
import { standardWebhooksHmac } from "./_hmac-of.ts";
import { verifyHmac } from "./_hmac.ts";
import { verifyJwt } from "./_jwt.ts";
import { verifyPublicKey } from "./_public-key.ts";
import { verifySharedSecret } from "./_shared-secret.ts";
import type { Scheme } from "./scheme.ts";
import { refused, type Verdict } from "./verdict.ts";

/** A request, and what it is judged by. */
export type VerifyRequest = {
  /** Default: `POST`. */
  method?: string;
  /** The URL that the sender called: scheme, host, path and query as it wrote them. Default: empty. */
  url?: string;
  headers: Headers;
  /** The raw query string, without `?`. Default: empty. */
  query?: string;
  /** The exact bytes received; nothing was decompressed or parsed. */
  body: Uint8Array;
  /** All that are accepted now: during a rotation the old one, too. Blank ones are ignored. */
  secrets: readonly string[];
  /** Unix milliseconds: now, or the time of receipt when a stored event is verified again. */
  nowMs: number;
  /** Replaces the scheme's own tolerance; 0 switches the check of the time off. */
  toleranceSeconds?: number | undefined;
};

/**
 * Whether a request is its sender's own. Pure, never throws, whatever the sender wrote, and compares in constant time.
 * A blank secret is no secret: anyone could sign with it.
 */
export const verify = (scheme: Scheme, request: VerifyRequest): Verdict => {
  const { query = "" } = request;
  const secrets = request.secrets.filter((secret) => secret.trim() !== "");
  if (secrets.length === 0) return refused("no_secret");
  switch (scheme.kind) {
    case "hmac":
      return verifyHmac(scheme, { ...request, secrets });
    case "standard_webhooks":
      return verifyHmac(standardWebhooksHmac(scheme, request.headers), { ...request, secrets });
    case "public_key":
      return verifyPublicKey(scheme, { ...request, secrets });
    case "body_proof":
      return verifyBodyProof(scheme, { body: request.body, secrets });
    case "jwt":
      return verifyJwt(scheme, { headers: request.headers, secrets, nowMs: request.nowMs });
    case "token":
    case "bearer":
    case "basic":
      return verifySharedSecret(scheme, { headers: request.headers, query, secrets });
    case "unverifiable":
      return refused("missing_header");
  }
};
