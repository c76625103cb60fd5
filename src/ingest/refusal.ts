/** Why a request for a source was refused before its body was read. */
export type GateRefusal =
  /** It has an end, which is over. */
  | "expired"
  /** It took as many events as it may. */
  | "request_limit"
  | "disabled"
  | "ip_denied"
  | "ip_not_allowed";

/** Why a request for a source was refused, where people see it. */
export type RefusedReason = GateRefusal | "rate_limited" | "too_large" | "invalid_signature" | "schema_invalid";
