import type { IncomingHttpHeaders } from "node:http";

import type { Place, Principal } from "../../access/api-key.ts";
import type { Authentication } from "../../access/authenticate.ts";
import type { RateLimit } from "../../access/rate-limit.ts";
import type { Attempt } from "../../delivery/attempt-log.ts";
import type { AcrossFilter } from "../../events/across.ts";
import type { Event, Payload } from "../../events/event.ts";
import type { ReceivedEvent } from "../../events/read-received.ts";
import type { SourceCount } from "../../events/read-source-counts.ts";
import type { Sender } from "../../events/senders.ts";
import type { RefusedRequest } from "../../ingest/read-refused.ts";
import type { Id } from "../../lib/ids.ts";
import type { Delivery } from "../../queue/delivery.ts";
import type { Claim } from "../../routing/claim-source.ts";
import type { Connection } from "../../routing/connection.ts";
import type { Destination } from "../../routing/destination.ts";
import type { Source } from "../../routing/source.ts";
import type { Owner } from "../route.ts";

/** What a request shows before its body: a key, a cookie, and where a browser says that it comes from. */
export type RequestHead = {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** The sender's address, as far as the proxies in between are trusted. Null: it hung up. */
  readonly address: string | null;
};

/** Tells who asks: by `X-API-Key`, then `Authorization: Bearer`, then a session's cookie. `nowMs` is wall time. */
export type AuthenticateHead = (head: RequestHead, nowMs: number) => Promise<Authentication>;

/** The place that a request names, if it names one. Ids as they were sent. */
export type PlaceWish = { readonly orgId: string | null; readonly envId: string | null };

/** Where a request takes place, or which of its two ids is not the asker's to name. */
export type PlaceChoice =
  | { readonly kind: "chosen"; readonly place: Place }
  | { readonly kind: "foreign"; readonly field: "org_id" | "env_id" };

/** Settles where a request takes place: what it names must be among what the asker may use. */
export type ChoosePlace = (principal: Principal, wish: PlaceWish) => Promise<PlaceChoice>;

/** Whether a URL may be a destination. `problem` goes on from the field's name, and holds no address. */
export type CheckUrl = (
  url: string,
) => Promise<{ readonly ok: true } | { readonly ok: false; readonly problem: string }>;

/** The counts of these sources. Those without events are left out. */
export type ReadCounts = (sourceIds: readonly Id[]) => Promise<ReadonlyMap<Id, SourceCount>>;

/** The last requests that a source refused, newest first. */
export type ReadRefused = (
  owner: Owner,
  sourceId: Id,
  page: { readonly limit: number; readonly before?: Id },
) => Promise<readonly RefusedRequest[]>;

/** What test sessions take beside routing. */
export type TestSessionPort = {
  /** Where they are until somebody claims them. */
  readonly place: () => Promise<Place>;
  /** Counts those that are made, by the network of who makes them. */
  readonly openLimit: RateLimit;
  /** What a source received, bytes included, newest first. */
  readonly readReceived: (
    owner: Owner,
    sourceId: Id,
    page: { readonly limit: number; readonly before?: Id },
  ) => Promise<readonly ReceivedEvent[]>;
  /** Gives what a source has stored to another owner. */
  readonly moveStored: Claim["alsoMove"];
};

/** Which events are asked for. */
export type EventsAsked = {
  /** Null: those of all of the owner's sources. */
  readonly sourceId: Id | null;
  readonly filter: AcrossFilter;
  /** The beginning of an id, or something in the body. Null: nothing is searched for. */
  readonly search: string | null;
  readonly limit: number;
  readonly offset: number;
  /** Only those that are older. */
  readonly before?: Id;
};

/** An event as lists show it. */
export type ListedEvent = {
  readonly event: Event;
  readonly source: Source;
  /** Null: it was removed meanwhile. */
  readonly sender: Sender | null;
};

/** A page of events. */
export type EventsFound = {
  /** Newest first. */
  readonly events: readonly ListedEvent[];
  readonly total: number;
  /** Whether there are more than `total`. */
  readonly capped: boolean;
  readonly hasMore: boolean;
  /** Where to go on. Null: there is nothing more. */
  readonly nextBefore: Id | null;
};

/** An attempt, with what it was of. */
export type ListedAttempt = {
  readonly attempt: Attempt;
  readonly delivery: Delivery;
  readonly destination: Destination;
  /** Null: it is deleted. */
  readonly connection: Connection | null;
  /** Of its event. */
  readonly bodyBytes: number;
  /** When its delivery is tried next. Null: it is in hand, or has ended. */
  readonly nextAtMs: number | null;
};

/** Which attempts are asked for. */
export type AttemptsAsked = {
  readonly eventId?: Id;
  readonly connectionId?: Id;
  readonly destinationId?: Id;
  readonly isFailed?: boolean;
  /** Whether it was the last of a delivery that failed. */
  readonly isLast?: boolean;
  readonly limit: number;
  readonly offset: number;
  /** Only those that were made earlier. */
  readonly before?: Id;
};

/** A page of attempts, as of events. */
export type AttemptsFound = Omit<EventsFound, "events"> & {
  /** Newest first. */
  readonly attempts: readonly ListedAttempt[];
};

/** Reads what was tried. */
export type AttemptsPort = {
  list(owner: Owner, asked: AttemptsAsked): Promise<AttemptsFound>;
  /** Null: the owner has none of that id. */
  find(owner: Owner, attemptId: Id): Promise<ListedAttempt | null>;
};

/** An event with all that came of it. */
export type EventDetail = {
  readonly event: Event;
  readonly source: Source;
  /** Null: it was removed meanwhile. */
  readonly payload: Payload | null;
  /** Oldest first. */
  readonly attempts: readonly ListedAttempt[];
};

/** Reads stored events. */
export type EventsPort = {
  list(owner: Owner, asked: EventsAsked): Promise<EventsFound>;
  /** Null: the owner has none of that id. */
  find(owner: Owner, eventId: Id): Promise<{ readonly event: Event; readonly source: Source } | null>;
  detail(found: { readonly event: Event; readonly source: Source }): Promise<EventDetail>;
  /** The newest delivery of each connection, where that has failed or was cancelled. */
  failed(event: Event): Promise<readonly Delivery[]>;
};
