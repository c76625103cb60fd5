import type { Draft, Join } from "../db/group-commit.ts";
import { type Operation, type OperationResult, rawStatement } from "../db/statement.ts";
import type { Store } from "../db/store.ts";
import type { Event } from "../events/event.ts";
import { refreshStatusOperation, releaseOperation } from "../events/status.ts";
import type { ForwardTime } from "../lib/forward-time.ts";
import type { Id, Ids } from "../lib/ids.ts";
import { addOperation, supersedeOperation } from "../queue/add.ts";
import { type Delivery, newDelivery } from "../queue/delivery.ts";
import { dropOrphansOperation, readOrphaned } from "../queue/orphans.ts";
import type { RoutingTable } from "../routing/table.ts";
import { type Along, asksFilters, isOfSource, type Replayable, routesOf } from "./routes.ts";

/** Events to be sent again, in order. Each may stand there once. */
export type Wish = {
  readonly events: readonly (Replayable & { readonly event: Event; readonly release: boolean })[];
  readonly along: Along;
  /** Which bulk replay this is a page of, and how far it has come with it. Null: a replay by hand. */
  readonly page: { readonly replayId: Id; readonly cursor: Id; readonly skipped: number } | null;
};

/** What became of a wish. */
export type Queued =
  | { readonly kind: "queued"; readonly deliveries: readonly Delivery[] }
  /** The source is gone, or the one event to be replayed by hand. */
  | { readonly kind: "gone" }
  /** Some that were named by hand are not of the source. Nothing was queued. */
  | { readonly kind: "unknown_destination" }
  /** The bulk replay was cancelled meanwhile. */
  | { readonly kind: "cancelled" }
  /** Another process works on the bulk replay now. */
  | { readonly kind: "elsewhere" }
  /** A filter was made meanwhile, and the events must be read for it. */
  | { readonly kind: "unread" };

/** What the line of replays needs. */
export type RunParts = {
  readonly store: Pick<Store, "line">;
  /** What deliveries are due by. */
  readonly dueTime: ForwardTime;
  readonly ids: Ids;
  readonly table: RoutingTable;
  /** The store holds a delivery of this destination that is due then. */
  readonly noteDue: (destinationId: Id, atMs: number) => void;
  readonly isCancelled: (replayId: Id) => boolean;
  /** Whether a bulk replay is this process's to work on. */
  readonly isOurs: (replayId: Id) => boolean;
};

/** Wishes in one commit, at most: each is up to a page. */
const wishesMax = 8;

const advance = rawStatement("update replays set cursor = ?, queued = queued + ?, skipped = skipped + ? where id = ?", {
  parameters: ["id", "integer", "integer", "id"],
  returns: false,
});

const advanceOperation = ({ page, events }: Wish, deliveries: readonly Delivery[]): Operation => {
  if (page === null) return { statement: advance, rows: [] };
  const queued = new Set(deliveries.map(({ eventId }) => eventId)).size;
  const skipped = page.skipped + events.length - queued;
  return { statement: advance, rows: [[page.cursor, queued, skipped, page.replayId]] };
};

type Plan = { readonly outcome: Queued; readonly page: Wish["page"]; readonly operations: readonly Operation[] };

const nothing = (kind: Exclude<Queued["kind"], "queued">): Plan => ({ outcome: { kind }, page: null, operations: [] });

/** What is written for a wish, from memory as of this commit. */
const plan = ({ table, ids, dueTime, isCancelled, isOurs }: RunParts, wish: Wish): Plan => {
  const { along, page } = wish;
  // A page whose sources are gone still moves its replay on.
  const events = wish.events.filter(({ event }) => table.source(event.sourceId) !== undefined);
  if (events.length < wish.events.length && along.kind !== "road") return nothing("gone");
  if (page !== null && !isOurs(page.replayId)) return nothing("elsewhere");
  if (page !== null && isCancelled(page.replayId)) return nothing("cancelled");
  if (page === null && !events.every(({ event }) => isOfSource(table, event.sourceId, along))) {
    return nothing("unknown_destination");
  }
  const isUnread = ({ event, facts }: Wish["events"][number]): boolean =>
    facts === null && table.hasFilters(event.sourceId);
  if (asksFilters(along) && events.some(isUnread)) return nothing("unread");
  const createdAtMs = dueTime.nowMs();
  const deliveries = events.flatMap(({ event, ...replayable }) =>
    routesOf(table, { event, ...replayable }, along).map(({ connection, destination }) =>
      newDelivery({
        eventId: event.id,
        id: ids.next(),
        teamId: event.teamId,
        envId: event.envId,
        sourceId: event.sourceId,
        connectionId: connection.id,
        destinationId: destination.id,
        enabling: destination.enabling,
        createdAtMs,
        isReplay: true,
        replayId: page?.replayId ?? null,
        claimed: false,
      }),
    ),
  );
  const eventIds = deliveries.map(({ eventId }) => eventId);
  return {
    outcome: { kind: "queued", deliveries },
    page,
    operations: [
      supersedeOperation(deliveries),
      addOperation(deliveries),
      dropOrphansOperation(eventIds),
      releaseOperation(events.filter(({ release }) => release).map(({ event }) => event.id)),
      refreshStatusOperation(eventIds),
      advanceOperation(wish, deliveries),
    ],
  };
};

/** The place of `dropOrphansOperation` among the operations of a plan. */
const orphansAt = 2;

const settle = ({ noteDue }: RunParts, { outcome, page }: Plan, results: readonly OperationResult[]): Queued => {
  if (outcome.kind !== "queued") return outcome;
  const gone = readOrphaned(results[orphansAt]);
  if (page === null && gone.size > 0) return { kind: "gone" };
  const deliveries = outcome.deliveries.filter(({ eventId }) => !gone.has(eventId));
  for (const { destinationId, createdAtMs } of deliveries) noteDue(destinationId, createdAtMs);
  return { kind: "queued", deliveries };
};

/**
 * Opens the line of replays. What they go to is found out when their commit begins, so a destination that was switched
 * off a moment ago is left out; and a page and the cursor behind it are written together, so that a crash neither loses
 * nor repeats an event.
 */
export const createRuns = (parts: RunParts): Join<Wish, Queued> =>
  parts.store.line<Wish, Queued>({
    name: "replays",
    itemsMax: wishesMax,
    draft: (wishes): Draft<Queued> => {
      // Each wish has its own operations, in order: two wishes may be for the same event, and the later one is the newest.
      const plans = wishes.map((wish) => plan(parts, wish));
      return {
        operations: plans.flatMap(({ operations }) => operations),
        committed: (results) => {
          let used = 0;
          return plans.map((each) => {
            const own = results.slice(used, used + each.operations.length);
            used += each.operations.length;
            return settle(parts, each, own);
          });
        },
      };
    },
  });
