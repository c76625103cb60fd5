/**
 * Why a request is not valid. `missing_header`: what should carry the proof is absent or empty. `malformed`: it cannot
 * be a proof of this kind (wrong form or length, or sent twice). `mismatch`: it can, and no secret makes it.
 * `stale`: it is genuine, and its time is out of bounds.
 */
export type Refusal = "no_secret" | "missing_header" | "malformed" | "mismatch" | "stale";

/** What verification came to. */
export type Verdict = { valid: true; reason: "ok" } | { valid: false; reason: Refusal };

/** The verdict on a genuine request. */
export const accepted: Verdict = { valid: true, reason: "ok" };

/** The verdict on any other one. */
export const refused = (reason: Refusal): Verdict => ({ valid: false, reason });
