import { createHmac } from "node:crypto";

import { z } from "zod";

import { findHeader, type Headers } from "../lib/headers.ts";
import { isSameSignature } from "./_constant-time.ts";
import { soleHeaderRefusal } from "./_sole-header.ts";
import type { JwtScheme } from "./scheme.ts";
import { accepted, refused, type Verdict } from "./verdict.ts";

const tokenPattern = /^(?:bearer +)?([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/i;

/** Keyed hashes only: with `none` or a public key's algorithm in the head, a token would choose how it is verified. */
const digests = { HS256: "sha256", HS384: "sha384", HS512: "sha512" } as const;

/** Clocks differ by seconds. */
const leewaySeconds = 60;

// A token with `crit` wants something understood that nobody here does (RFC 7515, section 4.1.11).
const headShape = z.object({ alg: z.enum(["HS256", "HS384", "HS512"]), crit: z.never().optional() });
const claimsShape = z.object({
  exp: z.number().optional(),
  nbf: z.number().optional(),
  iss: z.string().optional(),
  aud: z.union([z.string(), z.array(z.string())]).optional(),
});

const decode = <Value>(shape: z.ZodType<Value>, part: string): Value | null => {
  try {
    return shape.safeParse(JSON.parse(Buffer.from(part, "base64url").toString("utf8"))).data ?? null;
  } catch {
    return null;
  }
};

/**
 * Verifies a JSON Web Token that is signed with the source's secret (RFC 7519). Its time is judged last, so that `stale` is said
 * of genuine ones only. It proves who sent a request, and nothing of the body.
 */
export const verifyJwt = (
  { header, issuer, audience }: JwtScheme,
  { headers, secrets, nowMs }: { headers: Headers; secrets: readonly string[]; nowMs: number },
): Verdict => {
  const refusal = soleHeaderRefusal(headers, header);
  if (refusal !== null) return refused(refusal);
  const [, head = "", body = "", signature = ""] = tokenPattern.exec(findHeader(headers, header) ?? "") ?? [];
  const headRead = decode(headShape, head);
  const claims = decode(claimsShape, body);
  if (headRead === null || claims === null) return refused("malformed");
  const isGenuine = secrets.some((secret) =>
    isSameSignature(signature, createHmac(digests[headRead.alg], secret).update(`${head}.${body}`).digest("base64url")),
  );
  if (!isGenuine) return refused("mismatch");
  if (issuer !== null && claims.iss !== issuer) return refused("mismatch");
  if (audience !== null && ![claims.aud ?? []].flat().includes(audience)) return refused("mismatch");
  const nowSeconds = nowMs / 1000;
  const isOver = claims.exp !== undefined && nowSeconds >= claims.exp + leewaySeconds;
  const isEarly = claims.nbf !== undefined && nowSeconds < claims.nbf - leewaySeconds;
  return isOver || isEarly ? refused("stale") : accepted;
};
