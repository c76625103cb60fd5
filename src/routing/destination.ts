import type { Id } from "../lib/ids.ts";
import type { Dialect, SourceKind } from "./source.ts";

/** Why a destination is off. Null while it is on. */
export type DisabledReason = "manual" | "failures" | "gone";

/** The span that a rate is counted in. */
export type RatePeriod = "second" | "minute" | "hour";

/** What a destination's body looks like: the sender's bytes, or those bytes in an envelope of ours. */
export type PayloadFormat = "raw" | "envelope";

/** One of the user's own URLs, and how it wants to be sent to. */
export type Destination = {
  readonly id: Id;
  readonly teamId: Id;
  readonly envId: Id;
  readonly kind: SourceKind;
  readonly dialect: Dialect;
  /** The source whose deletion deletes it too. Null: it stands alone. */
  readonly ownerSourceId: Id | null;
  readonly url: string;
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
  readonly payloadFormat: PayloadFormat;
  /** Names of the sender's headers that are forwarded beside those of the preset, in lower case. */
  readonly forwardHeaders: readonly string[];
  /** Whether a provider's timestamped signature is made again when it would be stale. */
  readonly resign: boolean;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};
