import type { Id } from "../lib/ids.ts";
import type { Dialect, SealedSecrets, SourceKind } from "./source.ts";

/** Why a destination is off. Null while it is on. */
export type DisabledReason = "manual" | "failures" | "gone";

/** The span that a rate is counted in. */
export type RatePeriod = "second" | "minute" | "hour";

/** What a destination's body looks like: the sender's bytes, or those bytes in an envelope of ours. */
export type PayloadFormat = "raw" | "envelope";

/** Methods that a destination may be called with. */
export type SendMethod = "POST" | "PUT" | "PATCH";

/** How the gateway signs in at a destination. */
export type AuthType = "none" | "bearer" | "basic" | "api_key";

/**
 * Where the wait before a retry comes from.
 *
 * - `schedule`: `retryScheduleSeconds`, or the dialect's own.
 * - `exponential`: the interval of the same number; the last one again when there are no more.
 * - `linear`: the first interval, times the attempts made.
 * - `fixed`: the first interval.
 */
export type Backoff = "schedule" | "exponential" | "linear" | "fixed";

/** Whether to try again, and how often. */
export type Retry = {
  /** Without it, the first attempt is the last. */
  readonly enabled: boolean;
  readonly backoff: Backoff;
  /** In seconds. Null: the dialect's own. Not looked at with `schedule`. */
  readonly intervalsSeconds: readonly number[] | null;
  /** Attempts after the first one. Null: as many as there are waits. */
  readonly retriesMax: number | null;
};

/** When to leave a destination alone that fails, and for how long. */
export type CircuitRule = {
  readonly enabled: boolean;
  /** Failed attempts in a row that open it. */
  readonly threshold: number;
  /** How long it is open before one delivery is tried. */
  readonly resetMs: number;
};

/** Bounds of a circuit's rule. */
export const circuitLimits: {
  readonly thresholdMax: number;
  readonly resetMsMin: number;
  readonly resetMsMax: number;
} = {
  thresholdMax: 1_000,
  resetMsMin: 1_000,
  resetMsMax: 86_400_000,
};

/** How a destination has fared lately. */
export type CircuitState = {
  /** Failed attempts in a row. Not counted without a circuit. */
  readonly circuitFailures: number;
  /** Since when nothing is sent, by the time that never goes back. Null: it is closed. */
  readonly circuitOpenedAtMs: number | null;
};

/** One of the user's own URLs, and how it wants to be sent to. */
export type Destination = CircuitState & {
  readonly id: Id;
  readonly teamId: Id;
  readonly envId: Id;
  readonly kind: SourceKind;
  readonly dialect: Dialect;
  /** The source whose deletion deletes it too. Null: it stands alone. */
  readonly ownerSourceId: Id | null;
  /** Null: it has none, and is called after its URL. */
  readonly name: string | null;
  /** Unique in the environment. */
  readonly slug: string;
  readonly url: string;
  readonly method: SendMethod;
  readonly authType: AuthType;
  readonly enabled: boolean;
  readonly disabledReason: DisabledReason | null;
  /**
   * How many times it has been switched off. Deliveries carry the number that they were made under: older ones are
   * cancelled, and their failures are not counted.
   */
  readonly enabling: number;
  /** Deliveries in a row that ran out of attempts. */
  readonly failureCount: number;
  readonly maxConcurrency: number;
  /** Sends per `ratePeriod`. Null: no limit. */
  readonly rateLimit: number | null;
  readonly ratePeriod: RatePeriod | null;
  /** Strict order of commit, one at a time. */
  readonly ordered: boolean;
  readonly timeoutMs: number;
  /** Waits before the 2nd, 3rd, … attempt, in seconds. Null: the dialect's own. */
  readonly retryScheduleSeconds: readonly number[] | null;
  readonly retry: Retry;
  readonly circuit: CircuitRule;
  readonly payloadFormat: PayloadFormat;
  /** Names of the sender's headers that are forwarded beside those of the preset, in lower case. */
  readonly forwardHeaders: readonly string[];
  /** Whether a provider's timestamped signature is made again when it would be stale. */
  readonly resign: boolean;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

/** What lies sealed in a destination's row. */
export type SealedDestination = SealedSecrets & {
  /** What is sent beside events: JSON text, as `outgoingText` writes it. */
  readonly outgoing: Uint8Array | null;
};

/** What a destination has that was made as little more than a URL. */
export const plainDestination: Pick<Destination, "name" | "method" | "retry" | "circuit"> = {
  name: null,
  method: "POST",
  retry: { enabled: true, backoff: "schedule", intervalsSeconds: null, retriesMax: null },
  circuit: { enabled: false, threshold: 5, resetMs: 60_000 },
};

/** The circuit of a destination that did not fail yet. */
export const closedCircuit: CircuitState = { circuitFailures: 0, circuitOpenedAtMs: null };

/** What people call a destination. */
export const nameOf = ({ name, url }: Pick<Destination, "name" | "url">): string => name ?? URL.parse(url)?.host ?? url;
