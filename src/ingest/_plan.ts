import type { Event, Payload } from "../events/event.ts";
import { heldBytesOf } from "../events/held-bytes.ts";
import { findHeader, type Headers } from "../lib/headers.ts";
import type { Id } from "../lib/ids.ts";
import { clip, storable } from "../lib/text.ts";
import { type Delivery, newDelivery } from "../queue/delivery.ts";
import { factsOf } from "../routing/event-facts.ts";
import type { Source } from "../routing/source.ts";
import type { Route } from "../routing/table.ts";
import type { ArrivalParts } from "./arrivals.ts";
import type { Judged } from "./judge.ts";

/** An event, and all that is to be written with it. */
export type Planned = {
  readonly kind: "planned";
  readonly event: Event;
  readonly payload: Payload;
  /**
   * What its source knows its repeats by, and for how long. Null: it looks for none. `isRepeat`: its batch holds an
   * earlier event of the same key.
   */
  readonly dedup: { readonly key: Buffer; readonly windowMs: number; readonly isRepeat: boolean } | null;
  /** What each of its deliveries counts as, while it waits in memory. */
  readonly bytes: number;
  readonly deliveries: readonly Delivery[];
};

/** Whether the batch holds an event of this source and key already. It does from now on. */
export type IsRepeat = (sourceId: Id, key: Buffer) => boolean;

/** What is kept of a header that lists show. */
const contentTypeCharsMax = 255;

const contentTypeOf = (headers: Headers): string | null => {
  const value = findHeader(headers, "content-type");
  return value === undefined ? null : storable(clip(value, contentTypeCharsMax));
};

const planDelivery = (
  { lanes, ids, dueTime }: ArrivalParts,
  event: Event,
  { connection, destination }: Route,
  bytes: number,
): Delivery =>
  newDelivery({
    eventId: event.id,
    id: ids.next(),
    teamId: event.teamId,
    envId: event.envId,
    sourceId: event.sourceId,
    connectionId: connection.id,
    destinationId: destination.id,
    enabling: destination.enabling,
    createdAtMs: dueTime.nowMs(),
    claimed: lanes.reserve(destination, bytes),
  });

const dedupOf = (source: Source, key: Buffer | null, isRepeat: IsRepeat): Planned["dedup"] =>
  key === null ? null : { key, windowMs: source.dedup.windowSeconds * 1_000, isRepeat: isRepeat(source.id, key) };

/** What is to be written of a judged request. */
export const planEvent = (
  parts: ArrivalParts,
  source: Source,
  { dedupKey, payload, ...found }: Judged,
  { receivedAtMs, isRepeat }: { readonly receivedAtMs: number; readonly isRepeat: IsRepeat },
): Planned => {
  const dedup = dedupOf(source, dedupKey, isRepeat);
  const isHeldBack = found.quarantined || source.status !== "active" || dedup?.isRepeat === true;
  const routes = isHeldBack ? [] : parts.table.match(source.id, found.eventType, () => factsOf(payload));
  const event: Event = {
    ...found,
    id: parts.ids.next(),
    teamId: source.teamId,
    envId: source.envId,
    sourceId: source.id,
    // Of those with a key, the commit finds out.
    dedup: source.dedup.enabled && !found.quarantined ? "unique" : null,
    method: payload.method,
    contentType: contentTypeOf(payload.headers),
    status: routes.length > 0 ? "forwarding" : "received",
    bodyBytes: payload.body.byteLength,
    receivedAtMs,
  };
  const bytes = heldBytesOf(payload);
  return {
    kind: "planned",
    event,
    payload,
    dedup,
    bytes,
    deliveries: routes.map((route) => planDelivery(parts, event, route, bytes)),
  };
};
