import type { EventSelection } from "../events/scan.ts";
import type { Id } from "../lib/ids.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { OpenReplay } from "./_rows.ts";
import { newReplay, record, type Recorded } from "./record-replay.ts";
import type { ReplayScope } from "./replay.ts";
import { stablePoint, type StartParts } from "./start-replay.ts";
import { walkSources } from "./walk.ts";

/** Events to be sent along one road. */
export type RoadWish = {
  readonly destinationId: Id;
  /** Default: from every source that is connected to the destination. */
  readonly sourceId?: Id | undefined;
  /** Default: along every connection that leads there. */
  readonly connectionId?: Id | undefined;
  readonly selection: EventSelection;
  readonly ratePerSecond: number | null;
  /** The oldest so many are taken. */
  readonly eventsMax: number;
};

/** What came of it. */
export type RoadOutcome =
  | Recorded
  /** No connection of the owner's leads there, from there, or is that one. */
  | { readonly kind: "not_connected" };

/** Sources from which the road comes. */
const sourcesOf = (
  table: Pick<RoutingTable, "sources" | "connectionsOf" | "destination">,
  { teamId, envId }: ReplayScope,
  { destinationId, sourceId, connectionId }: RoadWish,
): readonly Id[] => {
  const destination = table.destination(destinationId)?.destination;
  if (destination?.teamId !== teamId || destination.envId !== envId || destination.kind !== "webhook") return [];
  const found: Id[] = [];
  for (const { source } of table.sources()) {
    const isTheirs = source.teamId === teamId && source.envId === envId;
    if (!isTheirs || (sourceId !== undefined && source.id !== sourceId)) continue;
    const leadsThere = [...table.connectionsOf(source.id)].some(
      (each) => each.destinationId === destinationId && (connectionId === undefined || each.id === connectionId),
    );
    if (leadsThere) found.push(source.id);
  }
  return found;
};

/** Events that one read of the count brings to memory. */
const readMax = 1_000;

type Extent = { readonly total: number; readonly upperId: Id };

/** How many events there are, up to the bound, and the last of them. */
const extentOf = async (
  { store }: Pick<StartParts, "store">,
  open: OpenReplay & { readonly sourceIds: readonly Id[] },
  eventsMax: number,
): Promise<Extent> => {
  let total = 0;
  for (let after: Id | null = null; ;) {
    const limit = Math.min(readMax, eventsMax - total);
    const { events, next } = await walkSources(store, open, open.filter, { after, through: open.upperId, limit });
    total += events.length;
    const last = events.at(-1)?.id;
    if (total === eventsMax && last !== undefined) return { total, upperId: last };
    if (next === null) return { total, upperId: open.upperId };
    after = next;
  }
};

/** Makes a bulk replay along a road, in the order in which its events were received. It runs beside live traffic. */
export const startRoad = async (parts: StartParts, scope: ReplayScope, wish: RoadWish): Promise<RoadOutcome> => {
  const { destinationId, connectionId = null, selection, ratePerSecond, eventsMax } = wish;
  const sourceIds = sourcesOf(parts.table, scope, wish);
  if (sourceIds.length === 0) return { kind: "not_connected" };
  const open = newReplay({
    id: parts.ids.next(),
    teamId: scope.teamId,
    envId: scope.envId,
    sourceId: destinationId,
    road: { destinationId, connectionId, sourceIds },
    filter: selection,
    ratePerSecond,
    upperId: await stablePoint(parts),
  });
  const { total, upperId } = await parts.inTurn(() => extentOf(parts, { ...open, sourceIds }, eventsMax));
  return record(parts, { ...open, upperId }, total);
};
