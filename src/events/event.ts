import type { Headers } from "../lib/headers.ts";
import type { Id } from "../lib/ids.ts";

/**
 * What has become of an event, from the newest delivery of each connection: any pending, `forwarding`; else any failed or
 * cancelled, `failed`; else `succeeded`; without deliveries, `received`.
 */
export type EventStatus = "received" | "forwarding" | "succeeded" | "failed";

/** Every status, for validation. */
export const eventStatuses: readonly EventStatus[] = ["received", "forwarding", "succeeded", "failed"];

/** Why a signature counts or does not. `skipped`: the source does not verify. */
export type SignatureReason = "ok" | "skipped" | "no_secret" | "missing_header" | "malformed" | "mismatch" | "stale";

/** Whether an event was the first of its key that its source saw within the window. */
export type DedupStatus = "unique" | "duplicate";

/** Who owns what is asked for. Every query takes both. */
export type EventScope = { readonly teamId: Id; readonly envId: Id };

/** Whose events, of which source. */
export type EventOwner = EventScope & { readonly sourceId: Id };

/** An event without its bytes. */
export type Event = EventScope & {
  readonly id: Id;
  readonly sourceId: Id;
  readonly eventType: string | null;
  readonly status: EventStatus;
  readonly signatureValid: boolean;
  readonly signatureReason: SignatureReason;
  /** Stored and held back, because its source forwards only what is validly signed. Kept for a short time. */
  readonly quarantined: boolean;
  /** The provider's own id of the delivery. */
  readonly providerEventId: string | null;
  /** Null: its source did not look for repeats. */
  readonly dedup: DedupStatus | null;
  /** Whether its body fits its source's schema. Null: it was not looked at. */
  readonly schemaValid: boolean | null;
  /** Null: it was stored before this was. */
  readonly method: string | null;
  readonly contentType: string | null;
  /** As many as came, kept or not. */
  readonly bodyBytes: number;
  /** Whether its body was not kept, so that it can never be sent on: it was a repeat, or refused for its signature. */
  readonly bodyDropped: boolean;
  readonly receivedAtMs: number;
};

/** What was received, byte for byte. Never changes. */
export type Payload = {
  readonly method: string;
  /** Without the question mark. */
  readonly query: string;
  readonly senderAddress: string | null;
  /** As they came, save that what carries the source's credential is `[redacted]`. */
  readonly headers: Headers;
  readonly body: Uint8Array;
};
