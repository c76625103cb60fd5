import type { Principal } from "../../access/api-key.ts";
import type { RateVerdict } from "../../access/rate-limit.ts";
import { allows, type Scope } from "../../access/scopes.ts";
import type { KrafterParts } from "./parts.ts";

/** What admission uses. */
export type AdmissionParts = Pick<KrafterParts, "freshen" | "authenticate" | "rateLimit" | "clock">;

/** Whether a request goes on, and what its answer carries in any case. */
export type Admission = { readonly headers: Readonly<Record<string, string>> } & (
  | { readonly kind: "admitted"; readonly principal: Principal }
  | { readonly kind: "refused"; readonly status: 401 | 403 | 429; readonly body: object }
);

const rateHeaders = (verdict: RateVerdict): Record<string, string> => {
  if (verdict.kind === "unlimited") return {};
  const standing = {
    "x-ratelimit-limit": String(verdict.limit),
    "x-ratelimit-remaining": String(verdict.remaining),
    "x-ratelimit-reset": String(verdict.resetAtSeconds),
  };
  return verdict.kind === "limited" ? { ...standing, "retry-after": String(verdict.retryAfterSeconds) } : standing;
};

/**
 * Who asks comes before all else, so that strangers learn nothing. The rate counts before the scope: a key that may not
 * do what it keeps trying is held back like any other. `needed` is null where there is nothing to be allowed.
 */
export const admit = async (
  { freshen, authenticate, rateLimit, clock }: AdmissionParts,
  authorization: string | undefined,
  needed: Scope | null,
): Promise<Admission> => {
  // A key that was revoked elsewhere is refused, and what was made elsewhere is there.
  await freshen();
  const authentication = await authenticate(authorization, clock.nowMs());
  if (authentication.kind === "refused") {
    const body = { error: "Invalid or missing API key" };
    return { kind: "refused", status: 401, body, headers: { "www-authenticate": "Bearer" } };
  }
  const { principal } = authentication;
  const verdict = rateLimit(principal.teamId);
  const headers = rateHeaders(verdict);
  if (verdict.kind === "limited") {
    const body = { error: "Rate limit exceeded", retry_after: verdict.retryAfterSeconds };
    return { kind: "refused", status: 429, body, headers };
  }
  if (needed !== null && !allows(principal.scopes, needed)) {
    return { kind: "refused", status: 403, body: { error: "Insufficient scope" }, headers };
  }
  return { kind: "admitted", principal, headers };
};
