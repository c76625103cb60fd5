import type { Attempt } from "../../delivery/attempt-log.ts";
import type { Event, EventStatus, Payload } from "../../events/event.ts";
import type { EventFilter } from "../../events/list.ts";
import type { Id } from "../../lib/ids.ts";
import type { Delivery } from "../../queue/delivery.ts";
import type { Destination } from "../../routing/destination.ts";
import type { Source } from "../../routing/source.ts";
import type { Owner } from "../route.ts";

/** Whether a URL may be a destination. `problem` is shown to whoever typed it, so it holds no address. */
export type CheckUrl = (
  url: string,
) => Promise<{ readonly ok: true } | { readonly ok: false; readonly problem: string }>;

/** What came of a test: the receiver's status, or why there is none. `error` holds no secret and no private address. */
export type TestResult =
  | { readonly kind: "answered"; readonly status: number }
  | { readonly kind: "failed"; readonly error: string };

/** Sends one signed test now, past all lanes. Changes nothing of the destination. */
export type SendTest = (target: { readonly source: Source; readonly destination: Destination }) => Promise<TestResult>;

/** Which events are asked for, `text` being something in the body. */
export type EventSearch = EventFilter & { readonly text?: string };

/** The n-th page, or what is older than an event; null: from the newest. */
export type EventPosition =
  | { readonly kind: "page"; readonly page: number }
  | { readonly kind: "cursor"; readonly before: Id | null };

export type EventList = {
  /** Newest first. */
  readonly events: readonly Event[];
  /** How many there are in all; null where they were not counted. */
  readonly total: { readonly count: number; readonly capped: boolean } | null;
  /** Where to go on; null at the end. */
  readonly nextBefore: Id | null;
};

/** A delivery of an event, with its attempts, oldest first. */
export type TriedDelivery = { readonly delivery: Delivery; readonly attempts: readonly Attempt[] };

/** An event with all that came of it. */
export type EventDetail = {
  readonly event: Event;
  /** Oldest first. */
  readonly deliveries: readonly TriedDelivery[];
  /** Null unless it was asked for. */
  readonly payload: Payload | null;
};

/** Reads stored events. Null: the owner has none of that id at that source. */
export type EventReader = {
  list(
    owner: Owner,
    sourceId: Id,
    asked: { readonly search: EventSearch; readonly position: EventPosition; readonly limit: number },
  ): Promise<EventList>;
  find(owner: Owner, key: { readonly sourceId: Id; readonly eventId: Id }): Promise<Event | null>;
  detail(event: Event, include: { readonly payload: boolean }): Promise<EventDetail>;
};

/** What came of the wish to replay one event. */
export type ReplayOutcome =
  | { readonly kind: "queued"; readonly destinationIds: readonly Id[] }
  | { readonly kind: "not_found" }
  /** Some of the destinations named are not of this source. */
  | { readonly kind: "unknown_destination" }
  /** It was stored as invalid, and is so still. */
  | { readonly kind: "invalid_signature" }
  /** It was stored as invalid, and whether it still is cannot be told: the secret cannot be opened at the moment. */
  | { readonly kind: "unreadable" };

/** Which events a bulk replay takes. `cancelled`: those of which a connection's newest delivery was cancelled. */
export type ReplayFilter = {
  readonly eventType?: string;
  readonly status?: EventStatus | "cancelled";
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Absent: enabled destinations whose filter lets the event pass now. */
  readonly destinationIds?: readonly Id[];
};

export type ReplayStatus = "running" | "completed" | "cancelled" | "failed";

/** A bulk replay, and how far it has come. */
export type Replay = {
  readonly id: Id;
  readonly sourceId: Id;
  readonly status: ReplayStatus;
  /** Events that the filter found. */
  readonly total: number;
  /** Events whose deliveries were made. */
  readonly queued: number;
  /** Deliveries that ended. */
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Events that went nowhere. */
  readonly skipped: number;
  /** The one that this goes on with, and the one that goes on with this. */
  readonly resumes: Id | null;
  readonly resumedBy: Id | null;
  readonly createdAtMs: number;
};

/** What came of the wish for a bulk replay. */
export type BulkOutcome =
  | { readonly kind: "started"; readonly replay: Replay }
  | { readonly kind: "unknown_destination" }
  | { readonly kind: "limit_reached"; readonly max: number };

/** What came of the wish to go on with a bulk replay. */
export type ResumeOutcome =
  | { readonly kind: "started"; readonly replay: Replay }
  | { readonly kind: "not_found" }
  /** It was not cut off. */
  | { readonly kind: "running" | "completed" }
  /** It was cancelled, and attempts of its are under way. */
  | { readonly kind: "ending" }
  | { readonly kind: "resumed"; readonly by: Id }
  | { readonly kind: "cut_too_often"; readonly max: number }
  | { readonly kind: "limit_reached"; readonly max: number };

/** What a bulk replay would take. */
export type ReplayPlan =
  | { readonly kind: "planned"; readonly total: number; readonly sample: readonly Event[] }
  | { readonly kind: "unknown_destination" };

/** Sends stored events again. Null: the owner has no replay of that id at that source. */
export type Replayer = {
  replayOne(
    owner: Owner,
    wish: { readonly sourceId: Id; readonly eventId: Id; readonly destinationIds: readonly Id[] | undefined },
  ): Promise<ReplayOutcome>;
  plan(owner: Owner, sourceId: Id, filter: ReplayFilter): Promise<ReplayPlan>;
  start(
    owner: Owner,
    sourceId: Id,
    wish: { readonly filter: ReplayFilter; readonly ratePerSecond: number | null },
  ): Promise<BulkOutcome>;
  /** Newest first. */
  list(owner: Owner, sourceId: Id): Promise<readonly Replay[]>;
  get(owner: Owner, key: { readonly sourceId: Id; readonly replayId: Id }): Promise<Replay | null>;
  /** Ends what is not sent yet. One that has ended stays as it is. */
  cancel(owner: Owner, key: { readonly sourceId: Id; readonly replayId: Id }): Promise<Replay | null>;
  /** Makes one that goes on where one was cut off. Absent: at its rate. */
  resume(
    owner: Owner,
    wish: { readonly sourceId: Id; readonly replayId: Id; readonly ratePerSecond: number | null | undefined },
  ): Promise<ResumeOutcome>;
};
