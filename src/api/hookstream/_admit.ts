import type { Principal } from "../../access/api-key.ts";
import type { RateVerdict } from "../../access/rate-limit.ts";
import { allows } from "../../access/scopes.ts";
import type { HookstreamParts } from "./parts.ts";
import type { RequestHead } from "./ports.ts";
import type { Needed } from "./route.ts";

/** What admission uses. */
export type AdmissionParts = Pick<
  HookstreamParts,
  "freshen" | "authenticate" | "rateLimit" | "strangerLimit" | "clock" | "trustedProxies"
>;

/** Whether a request goes on, and what its answer carries in any case. */
export type Admission = { readonly headers: Readonly<Record<string, string>> } & (
  | { readonly kind: "admitted"; readonly principal: Principal | null }
  | { readonly kind: "refused"; readonly status: 400 | 401 | 403 | 429; readonly error: string }
);

const rateHeaders = (verdict: RateVerdict): Record<string, string> => {
  if (verdict.kind === "unlimited") return {};
  const standing = {
    "ratelimit-limit": String(verdict.limit),
    "ratelimit-remaining": String(verdict.remaining),
    "ratelimit-reset": String(verdict.resetAfterSeconds),
  };
  return verdict.kind === "limited" ? { ...standing, "retry-after": String(verdict.retryAfterSeconds) } : standing;
};

const limited = { kind: "refused", status: 429, error: "Rate limit exceeded" } as const;

const showsKey = ({ headers }: RequestHead): boolean =>
  headers["x-api-key"] !== undefined || headers.authorization !== undefined;

/** Whoever shows nothing that counts has a budget by address, so that guessing ends, too. */
const admitStranger = ({ strangerLimit }: AdmissionParts, head: RequestHead, needed: Needed): Admission => {
  const verdict = strangerLimit(head.address ?? "nowhere");
  const headers = rateHeaders(verdict);
  if (verdict.kind === "limited") return { ...limited, headers };
  if (needed === "open") return { kind: "admitted", principal: null, headers };
  const error = showsKey(head) ? "Invalid API key" : "Missing API key or session";
  return { kind: "refused", status: 401, error, headers: { ...headers, "www-authenticate": "Bearer" } };
};

const isJson = (contentType: string | undefined): boolean =>
  contentType !== undefined && /^application\/json *(;|$)/i.test(contentType);

/** Whether a body is announced whose type a page of another site may send as well, without asking. */
const bringsOtherType = ({ headers }: RequestHead): boolean => {
  const announced = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  return announced && !isJson(headers["content-type"]);
};

const wrongType = {
  kind: "refused",
  status: 400,
  error: "Invalid body: the content type must be application/json",
} as const;

/**
 * Who asks comes before all else, so that strangers learn nothing. The rate counts before the scope: a key that may not
 * do what it keeps trying is held back like any other.
 */
export const admit = async (parts: AdmissionParts, head: RequestHead, needed: Needed): Promise<Admission> => {
  if (needed === "open") {
    const admission = admitStranger(parts, head, needed);
    return admission.kind === "admitted" && bringsOtherType(head)
      ? { ...wrongType, headers: admission.headers }
      : admission;
  }
  // A key that was revoked elsewhere is refused, and what was made elsewhere is there.
  await parts.freshen();
  const authentication = await parts.authenticate(head, parts.clock.nowMs());
  if (authentication.kind === "refused") return admitStranger(parts, head, needed);
  const { principal } = authentication;
  const verdict = parts.rateLimit(principal.teamId);
  const headers = rateHeaders(verdict);
  if (verdict.kind === "limited") return { ...limited, headers };
  if (needed !== "signed_in" && !allows(principal.scopes, needed)) {
    return { kind: "refused", status: 403, error: "Insufficient scope", headers };
  }
  return bringsOtherType(head) ? { ...wrongType, headers } : { kind: "admitted", principal, headers };
};
