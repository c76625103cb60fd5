import type { Draft, Join } from "../db/group-commit.ts";
import type { Operation } from "../db/statement.ts";
import type { Store } from "../db/store.ts";
import { appendKeyedOperations, appendOperations } from "../events/append.ts";
import { countOperation } from "../events/count.ts";
import type { Event, Payload } from "../events/event.ts";
import type { ForwardTime } from "../lib/forward-time.ts";
import type { Id, Ids } from "../lib/ids.ts";
import { addKeyedOperation, addOperation } from "../queue/add.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Destination } from "../routing/destination.ts";
import type { RoutedSource, RoutingTable } from "../routing/table.ts";
import type { Tolerances } from "../routing/verify.ts";
import { type IsRepeat, type Planned, planEvent } from "./_plan.ts";
import { type Claim, claimOperation, winnersOf } from "./dedup-keys.ts";
import type { Incoming } from "./incoming.ts";
import { judge, type Judged, type Judgement, type SchemaErrors } from "./judge.ts";

/** A judged request on its way to the store. `routed`: its source as it was when it was judged. */
export type Arrival = { readonly routed: RoutedSource; readonly incoming: Incoming; readonly judged: Judged };

/** What became of it. */
export type Stored =
  | {
      readonly kind: "stored";
      readonly eventId: Id;
      readonly valid: boolean;
      /** Whether it repeats an event, so that it goes nowhere. */
      readonly duplicate: boolean;
    }
  /** Kept without its body, for want of a valid signature. Its sender is told. */
  | { readonly kind: "unverified" }
  /** Its source was changed meanwhile, and does not take it any more. */
  | { readonly kind: "schema_refused"; readonly errors: SchemaErrors }
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
  /** Where this process counts events: commits that are under way at once take turns with these. */
  readonly countSlots: readonly number[];
};

/** Arrivals in one commit, at most, and events and deliveries together: a source may have a thousand destinations. */
const arrivalsMax = 512;
const rowsMax = 4_096;

/** A source that was changed since a request was judged may have another secret: then what it was is no judgement of it. */
const judgedBy = ({ tolerances }: ArrivalParts, current: RoutedSource, arrival: Arrival): Judgement =>
  current === arrival.routed
    ? { kind: "judged", judged: arrival.judged }
    : judge(current, arrival.incoming, tolerances);

type Refused = Extract<Stored, { kind: "gone" | "unreadable" | "schema_refused" }>;

const planArrival = (parts: ArrivalParts, arrival: Arrival, isRepeat: IsRepeat): Planned | Refused => {
  const current = parts.table.source(arrival.routed.source.id);
  if (current === undefined) return { kind: "gone" };
  const judgement = judgedBy(parts, current, arrival);
  const { receivedAtMs } = arrival.incoming;
  return judgement.kind === "judged"
    ? planEvent(parts, current.source, judgement.judged, { receivedAtMs, isRepeat })
    : judgement;
};

/** Tells the first event of a key in a batch from the others, which repeat it whoever claimed it before. */
const createRepeats = (): IsRepeat => {
  let seen: Set<string> | null = null;
  return (sourceId, key) => {
    seen ??= new Set();
    const name = sourceId + key.toString("latin1");
    const isSeen = seen.has(name);
    seen.add(name);
    return isSeen;
  };
};

const handOver = ({ lanes }: ArrivalParts, { event, payload, bytes, deliveries }: Planned): void => {
  for (const delivery of deliveries) {
    if (delivery.claims === 0) lanes.noteDue(delivery.destinationId, delivery.createdAtMs);
    else lanes.place({ delivery, stored: { event, payload }, bytes });
  }
};

/** Whether the commit found that another event has its key. */
const isDuplicate = ({ dedup, event }: Planned, winners: ReadonlySet<Id>): boolean =>
  dedup !== null && !winners.has(event.id);

/** Whether its sender is told that it is not validly signed. */
const isUnverified = ({ event }: Planned): boolean => event.quarantined && event.bodyDropped;

const toStored = (planned: Planned | Refused, winners: ReadonlySet<Id>): Stored => {
  if (planned.kind !== "planned") return planned;
  const { event } = planned;
  if (isUnverified(planned)) return { kind: "unverified" };
  return {
    kind: "stored",
    eventId: event.id,
    valid: event.signatureValid || event.signatureReason === "skipped",
    duplicate: isDuplicate(planned, winners),
  };
};

const forgo = ({ lanes }: ArrivalParts, { bytes, deliveries }: Planned): void => {
  for (const { claims, destinationId } of deliveries) {
    if (claims > 0) lanes.forgo(destinationId, bytes);
  }
};

type Keyed = Planned & { readonly dedup: NonNullable<Planned["dedup"]> };

const isKeyed = (planned: Planned): planned is Keyed => planned.dedup !== null;

const toClaim = ({ event, dedup }: Keyed): Claim => ({ ...dedup, ...event, eventId: event.id });

/** What is written of events whose source looks for repeats. What they claim comes first. */
const keyedOperations = (keyed: readonly Keyed[]): readonly [Operation, ...Operation[]] => [
  claimOperation(keyed.filter(({ dedup }) => !dedup.isRepeat).map(toClaim)),
  ...appendKeyedOperations(keyed.map(({ event, payload, dedup: { key } }) => ({ event, payload, key }))),
  addKeyedOperation(
    keyed.flatMap(({ deliveries, dedup: { key } }) => deliveries.map((delivery) => ({ delivery, key }))),
  ),
];

const plainOperations = (plain: readonly Planned[]): readonly Operation[] => [
  ...appendOperations(plain),
  addOperation(plain.flatMap(({ deliveries }) => deliveries)),
];

const noWinners: ReadonlySet<Id> = new Set();

const draft = (parts: ArrivalParts, arrivals: readonly Arrival[], countSlot: number): Draft<Stored> => {
  const isRepeat = createRepeats();
  const plans = arrivals.map((arrival) => planArrival(parts, arrival, isRepeat));
  const planned = plans.filter((each) => each.kind === "planned");
  const keyed = planned.filter(isKeyed);
  const plain = keyed.length === 0 ? planned : planned.filter((each) => !isKeyed(each));
  const counted = planned.filter((each) => !isUnverified(each)).map(({ event }) => event);
  return {
    operations: [
      ...(keyed.length === 0 ? [] : keyedOperations(keyed)),
      ...(plain.length === 0 ? [] : plainOperations(plain)),
      countOperation(counted, countSlot),
    ],
    committed: (results) => {
      const [claimed] = results;
      const winners = keyed.length === 0 || claimed === undefined ? noWinners : winnersOf(claimed);
      for (const each of planned) {
        if (isDuplicate(each, winners)) forgo(parts, each);
        else handOver(parts, each);
      }
      return plans.map((each) => toStored(each, winners));
    },
    abandoned: () => {
      for (const each of planned) forgo(parts, each);
    },
  };
};

/**
 * Opens the line of arrivals. They are matched when their commit begins, so a destination made a moment ago is seen and
 * an event and all of its deliveries are written together. Of a source that looks for repeats, the commit itself finds out
 * which event came first: it is on disk together with what follows of it.
 */
export const createArrivals = (parts: ArrivalParts): Join<Arrival, Stored> => {
  let drafts = 0;
  return parts.store.line<Arrival, Stored>({
    name: "arrivals",
    itemsMax: arrivalsMax,
    weigh: ({ routed }) => 1 + parts.table.connectionCount(routed.source.id),
    weightMax: rowsMax,
    // Routes and lanes as they are when it is drafted: what a commit under way does to them, it does to these as well.
    overlaps: true,
    draft: (arrivals) => {
      drafts += 1;
      return draft(parts, arrivals, parts.countSlots[drafts % parts.countSlots.length] ?? 0);
    },
  });
};
