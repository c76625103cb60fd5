import type { Join } from "../db/group-commit.ts";
import type { Store } from "../db/store.ts";
import { type Clock, wait } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { OpenReplay } from "./_rows.ts";
import { readFacts } from "./read-facts.ts";
import { nextEvents, type NextEvents } from "./rest.ts";
import type { Along } from "./routes.ts";
import type { Queued, Wish } from "./runs.ts";
import { isGone } from "./share.ts";
import { type StandingParts, standingOf } from "./standing.ts";

/** What became of one page: how far the replay is now, and how many events were sent on their way. */
export type Fed =
  | { readonly kind: "fed"; readonly cursor: Id; readonly events: number }
  /** The source is gone, or the replay was cancelled meanwhile. Nothing was written. */
  | { readonly kind: "gone" }
  | { readonly kind: "cancelled" }
  /** Somebody else works on the replay now, or it must be looked at afresh. Nothing was written. */
  | { readonly kind: "elsewhere" };

/** What feeding needs. */
export type FeedParts = StandingParts & {
  readonly store: Pick<Store, "list" | "lookup">;
  readonly clock: Clock;
  readonly table: RoutingTable;
  readonly run: Join<Wish, Queued>;
};

/** Bytes that are read and hashed where requests are answered, before these have their turn: about 1 ms. */
const verifiedBytesMax = 256 * 1024;

/** What reading and verifying an event costs beside its body. */
const overheadBytes = 4 * 1024;

/** Those of a page that may be sent on. */
const fitOnes = async (
  parts: FeedParts,
  { events, confinedTo }: Pick<NextEvents, "events" | "confinedTo">,
): Promise<Wish["events"]> => {
  const fit: Wish["events"][number][] = [];
  let verifiedBytes = 0;
  for (const event of events) {
    const routed = parts.table.source(event.sourceId);
    if (routed === undefined) continue;
    const isRead = parts.table.hasFilters(event.sourceId);
    const standing = await standingOf(parts, event, routed);
    const facts = isRead ? await readFacts(parts, event) : null;
    const isFit = (standing === "fine" || standing === "released") && (facts !== null || !isRead);
    const confined = confinedTo.get(event.id) ?? null;
    if (isFit) fit.push({ event, facts, confinedTo: confined, release: standing === "released" });
    if (!event.signatureValid || isRead) verifiedBytes += event.bodyBytes + overheadBytes;
    if (verifiedBytes < verifiedBytesMax) continue;
    await wait(parts.clock, 0);
    verifiedBytes = 0;
  }
  return fit;
};

const alongOf = ({ road, filter }: Pick<OpenReplay, "road" | "filter">): Along => {
  if (road !== null) return { kind: "road", ...road };
  return filter.destinationIds === undefined
    ? { kind: "filters" }
    : { kind: "destinations", ids: filter.destinationIds };
};

/** Sends the next events of a bulk replay on their way: at most `limit`, oldest first. */
export const feedPage = async (parts: FeedParts, replay: OpenReplay, limit: number): Promise<Fed> => {
  const { id: replayId, upperId } = replay;
  if (isGone(parts.table, replay)) return { kind: "gone" };
  const { events, next, confinedTo } = await nextEvents(parts.store, replay, limit);
  const cursor = next ?? upperId;
  // Nothing found so far: should it be looked for once more after a crash, that costs less than a commit each time.
  if (events.length === 0 && next !== null) return { kind: "fed", cursor, events: 0 };
  const fit = await fitOnes(parts, { events, confinedTo });
  const queued = await parts.run({
    events: fit,
    along: alongOf(replay),
    page: { replayId, cursor, skipped: events.length - fit.length },
  });
  switch (queued.kind) {
    case "queued":
      return { kind: "fed", cursor, events: new Set(queued.deliveries.map(({ eventId }) => eventId)).size };
    case "cancelled":
    case "elsewhere":
      return { kind: queued.kind };
    case "unread":
      // Taken up again from where it is, with the filter that was made meanwhile.
      return { kind: "elsewhere" };
    case "gone":
    case "unknown_destination":
      return { kind: "gone" };
  }
};
