import type { Event, Payload } from "../events/event.ts";
import type { Id } from "../lib/ids.ts";
import type { Preset } from "../providers/preset.ts";
import type { Destination } from "../routing/destination.ts";
import type { Outgoing } from "../routing/outgoing.ts";

/** What the gateway calls itself, and the middle of its own header names. */
export type SenderNames = { readonly headerPrefix: string; readonly userAgent: string };

/** Everything that one attempt's request is made of. */
export type RequestParts = {
  readonly names: SenderNames;
  readonly event: Event;
  readonly payload: Payload;
  /** Null when the source or its provider is gone: then the sender's own headers are unknown, and none is forwarded. */
  readonly preset: Preset | null;
  /** The source's current secret, with which a stale provider signature is made again. */
  readonly sourceSecret: string | null;
  readonly destination: Pick<Destination, "forwardHeaders" | "payloadFormat" | "resign" | "dialect">;
  /** What its user wants beside the event. */
  readonly outgoing: Outgoing;
  /** What the connection's transform made of the body: JSON. Null: it has none. */
  readonly transformed: Uint8Array | null;
  /** The destination's secret, then the one that still signs beside it. */
  readonly secrets: readonly string[];
  readonly delivery: { readonly id: Id; readonly connectionId: Id; readonly isReplay: boolean };
  readonly attempt: { readonly id: Id; readonly number: number; readonly nowMs: number };
};

/** The id that a receiver drops repeats by: the same for every attempt and replay of an event along a connection. */
export const webhookIdOf = (eventId: Id, connectionId: Id): string =>
  `msg_${eventId.replaceAll("-", "")}_${connectionId.replaceAll("-", "")}`;
