import type { Id } from "../lib/ids.ts";
import type { DedupStatus, EventScope, EventStatus } from "./event.ts";

/** What came of looking at an event's signature and its body: of two, the body that does not fit its schema is told. */
export type VerificationStatus = "verified" | "failed" | "skipped" | "schema_invalid";

/** Whose events, of which sources of theirs. */
export type EventsOwner = EventScope & { readonly sourceIds: readonly Id[] };

/** Which events are asked for. Absent parts do not narrow. */
export type AcrossFilter = {
  readonly status?: EventStatus;
  readonly verification?: VerificationStatus;
  readonly dedup?: DedupStatus;
  readonly method?: string;
  /** Received at or after, Unix milliseconds. */
  readonly fromMs?: number;
  /** Received before, Unix milliseconds. */
  readonly toMs?: number;
  /** Hex digits that its id begins with. */
  readonly idPrefix?: string;
};
