import type { Draft, Join } from "../db/group-commit.ts";
import type { Store } from "../db/store.ts";
import { appendOperations } from "../events/append.ts";
import type { Event, Payload } from "../events/event.ts";
import { heldBytesOf } from "../events/held-bytes.ts";
import type { ForwardTime } from "../lib/forward-time.ts";
import { findHeader, type Headers } from "../lib/headers.ts";
import type { Id, Ids } from "../lib/ids.ts";
import { storable } from "../lib/text.ts";
import { addOperation } from "../queue/add.ts";
import { type Delivery, newDelivery } from "../queue/delivery.ts";
import type { Destination } from "../routing/destination.ts";
import { factsOf } from "../routing/event-facts.ts";
import type { Source } from "../routing/source.ts";
import type { Route, RoutedSource, RoutingTable } from "../routing/table.ts";
import type { Tolerances } from "../routing/verify.ts";
import type { Incoming } from "./incoming.ts";
import { judge, type Judged, type Judgement } from "./judge.ts";

/** A judged request on its way to the store. `routed`: its source as it was when it was judged. */
export type Arrival = { readonly routed: RoutedSource; readonly incoming: Incoming; readonly judged: Judged };

/** What became of it. */
export type Stored =
  | { readonly kind: "stored"; readonly eventId: Id; readonly valid: boolean }
  /** Its source was deleted meanwhile. */
  | { readonly kind: "gone" }
  /** Its source was changed meanwhile, and cannot be read by this process. */
  | { readonly kind: "unreadable" };

/** A delivery that goes to its lane straight from memory. */
export type Handed = {
  readonly delivery: Delivery;
  readonly stored: { readonly event: Event; readonly payload: Payload };
  readonly bytes: number;
};

/** What ingest needs of delivery. */
export type LaneDoor = {
  /** Whether the lane takes a new delivery from memory, and keeps a place for it. */
  reserve(destination: Destination, bytes: number): boolean;
  forgo(destinationId: Id, bytes: number): void;
  place(handed: Handed): void;
  /** The store holds a delivery that is due then. */
  noteDue(destinationId: Id, atMs: number): void;
};

/** What the arrivals' line needs. */
export type ArrivalParts = {
  readonly store: Pick<Store, "line">;
  /** What deliveries are due by. */
  readonly dueTime: ForwardTime;
  readonly table: RoutingTable;
  readonly ids: Ids;
  readonly lanes: LaneDoor;
  readonly tolerances: Tolerances;
};

/** Arrivals in one commit, at most, and events and deliveries together: a source may have a thousand destinations. */
const arrivalsMax = 512;
const rowsMax = 4_096;

type Planned = {
  readonly kind: "planned";
  readonly event: Event;
  readonly payload: Payload;
  /** What each of its deliveries counts as, while it waits in memory. */
  readonly bytes: number;
  readonly deliveries: readonly Delivery[];
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

/** A source that was changed since a request was judged may have another secret: then what it was is no judgement of it. */
const judgedBy = ({ tolerances }: ArrivalParts, current: RoutedSource, arrival: Arrival): Judgement =>
  current === arrival.routed
    ? { kind: "judged", judged: arrival.judged }
    : judge(current, arrival.incoming, tolerances);

const planArrival = (parts: ArrivalParts, arrival: Arrival): Planned | Exclude<Stored, { kind: "stored" }> => {
  const current = parts.table.source(arrival.routed.source.id);
  if (current === undefined) return { kind: "gone" };
  const judgement = judgedBy(parts, current, arrival);
  return judgement.kind === "unreadable"
    ? judgement
    : plan(parts, current.source, judgement.judged, arrival.incoming.receivedAtMs);
};

/** What is kept of a header that lists show. */
const contentTypeCharsMax = 255;

const contentTypeOf = (headers: Headers): string | null => {
  const value = findHeader(headers, "content-type");
  return value === undefined ? null : storable(value.slice(0, contentTypeCharsMax));
};

const plan = (parts: ArrivalParts, source: Source, judged: Judged, receivedAtMs: number): Planned => {
  const { payload, ...found } = judged;
  const isHeldBack = found.quarantined || source.status !== "active";
  const routes = isHeldBack ? [] : parts.table.match(source.id, found.eventType, () => factsOf(payload));
  const event: Event = {
    ...found,
    id: parts.ids.next(),
    teamId: source.teamId,
    envId: source.envId,
    sourceId: source.id,
    dedup: null,
    schemaValid: null,
    method: payload.method,
    contentType: contentTypeOf(payload.headers),
    bodyDropped: false,
    status: routes.length > 0 ? "forwarding" : "received",
    bodyBytes: payload.body.byteLength,
    receivedAtMs,
  };
  const bytes = heldBytesOf(payload);
  return {
    kind: "planned",
    event,
    payload,
    bytes,
    deliveries: routes.map((route) => planDelivery(parts, event, route, bytes)),
  };
};

const handOver = ({ lanes }: ArrivalParts, { event, payload, bytes, deliveries }: Planned): void => {
  for (const delivery of deliveries) {
    if (delivery.claims === 0) lanes.noteDue(delivery.destinationId, delivery.createdAtMs);
    else lanes.place({ delivery, stored: { event, payload }, bytes });
  }
};

const toStored = (planned: Planned | Exclude<Stored, { kind: "stored" }>): Stored =>
  planned.kind === "planned"
    ? { kind: "stored", eventId: planned.event.id, valid: planned.event.signatureValid }
    : planned;

const forgo = ({ lanes }: ArrivalParts, { bytes, deliveries }: Planned): void => {
  for (const { claims, destinationId } of deliveries) {
    if (claims > 0) lanes.forgo(destinationId, bytes);
  }
};

/**
 * Opens the line of arrivals. They are matched when their commit begins, so a destination made a moment ago is seen and
 * an event and all of its deliveries are written together.
 */
export const createArrivals = (parts: ArrivalParts): Join<Arrival, Stored> =>
  parts.store.line<Arrival, Stored>({
    name: "arrivals",
    itemsMax: arrivalsMax,
    weigh: ({ routed }) => 1 + parts.table.connectionCount(routed.source.id),
    weightMax: rowsMax,
    // Routes and lanes as they are when it is drafted: what a commit under way does to them, it does to these as well.
    overlaps: true,
    draft: (arrivals): Draft<Stored> => {
      const plans = arrivals.map((arrival) => planArrival(parts, arrival));
      const planned = plans.filter((each) => each.kind === "planned");
      return {
        operations: [...appendOperations(planned), addOperation(planned.flatMap(({ deliveries }) => deliveries))],
        committed: () => {
          for (const each of planned) handOver(parts, each);
          return plans.map(toStored);
        },
        abandoned: () => {
          for (const each of planned) forgo(parts, each);
        },
      };
    },
  });
