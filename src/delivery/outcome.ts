import type { CancelReason } from "../queue/delivery.ts";

/** Why an attempt failed. A closed set: the same names are shown by the API, counted by metrics and logged. */
export type AttemptCode =
  | "dns"
  | "refused_address"
  | "connect"
  | "tls"
  | "timeout"
  | "reset"
  | "protocol"
  | "status"
  | "transform"
  | "signature"
  | "crashed"
  | "cancelled";

/** What one attempt came to. */
export type AttemptOutcome =
  | { readonly kind: "succeeded"; readonly status: number }
  | {
      readonly kind: "failed";
      readonly code: AttemptCode;
      /** The receiver's status, when it gave one. */
      readonly status: number | null;
      /** What happened, for the person who looks into it. Holds no secret and no private address. */
      readonly error: string;
      /** How long the receiver asked to be left alone. */
      readonly retryAfterMs: number | null;
    };

/** What a lane did with a delivery in its hands: tried it, or found that there is nothing to try. */
export type Outcome =
  | AttemptOutcome
  | { readonly kind: "cancelled"; readonly reason: CancelReason }
  | { readonly kind: "lost" }
  /** Its destination's circuit was open until its time was over. */
  | { readonly kind: "circuit_open" }
  | { readonly kind: "postponed"; readonly untilMs: number };
