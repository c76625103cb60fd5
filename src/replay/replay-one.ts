import type { Join } from "../db/group-commit.ts";
import type { Store } from "../db/store.ts";
import { readEvent } from "../events/read.ts";
import type { Id } from "../lib/ids.ts";
import type { RoutingTable } from "../routing/table.ts";
import { readFacts } from "./read-facts.ts";
import type { ReplayScope } from "./replay.ts";
import { type Along, asksFilters } from "./routes.ts";
import type { Queued, Wish } from "./runs.ts";
import { type StandingParts, standingOf } from "./standing.ts";

/** Which event to send again, and where to. */
export type ReplayWish = {
  readonly sourceId: Id;
  readonly eventId: Id;
  /** Absent: enabled destinations whose filter lets the event pass now. Empty: nowhere. */
  readonly destinationIds?: readonly Id[] | undefined;
  /** Along these connections alone, whatever their filters. Counts before `destinationIds`. */
  readonly connectionIds?: readonly Id[] | undefined;
};

/** What came of it. */
export type ReplayOutcome =
  /** On disk. Destinations that are off were left out. */
  | { readonly kind: "queued"; readonly destinationIds: readonly Id[] }
  | { readonly kind: "not_found" }
  /** Some of the destinations or connections named are not of this source. Nothing was queued. */
  | { readonly kind: "unknown_destination" }
  /** It was stored as invalid, and is so still. */
  | { readonly kind: "invalid_signature" }
  /** It was stored as invalid, and this process cannot open the secret that would tell whether it still is. */
  | { readonly kind: "unreadable" };

/** What a replay by hand needs. */
export type ReplayOneParts = StandingParts & {
  readonly store: Pick<Store, "lookup">;
  readonly table: RoutingTable;
  readonly run: Join<Wish, Queued>;
};

const alongOf = ({ destinationIds, connectionIds }: ReplayWish): Along => {
  if (connectionIds !== undefined) return { kind: "connections", ids: connectionIds };
  return destinationIds === undefined ? { kind: "filters" } : { kind: "destinations", ids: destinationIds };
};

/** Sends one event again. A source that is switched off does not forbid it. */
export const replayOne = async (
  parts: ReplayOneParts,
  scope: ReplayScope,
  wish: ReplayWish,
): Promise<ReplayOutcome> => {
  const { sourceId, eventId } = wish;
  const along = alongOf(wish);
  const event = await readEvent(parts.store, scope, { sourceId, eventId });
  const routed = parts.table.source(sourceId);
  if (event === null || routed === undefined) return { kind: "not_found" };
  const standing = await standingOf(parts, event, routed);
  if (standing === "gone") return { kind: "not_found" };
  if (standing === "invalid") return { kind: "invalid_signature" };
  if (standing === "unreadable") return { kind: "unreadable" };
  const isRead = asksFilters(along) && parts.table.hasFilters(sourceId);
  const facts = isRead ? await readFacts(parts, event) : null;
  if (isRead && facts === null) return { kind: "not_found" };
  const events = [{ event, facts, confinedTo: null, release: standing === "released" }];
  const queued = await parts.run({ events, along, page: null });
  switch (queued.kind) {
    case "queued":
      return {
        kind: "queued",
        destinationIds: [...new Set(queued.deliveries.map(({ destinationId }) => destinationId))],
      };
    case "unknown_destination":
      return { kind: "unknown_destination" };
    case "unread":
      return replayOne(parts, scope, wish);
    case "gone":
    case "cancelled":
    case "elsewhere":
      return { kind: "not_found" };
  }
};
