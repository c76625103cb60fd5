import type { Store } from "../db/store.ts";
import { readOwnEvents } from "../events/read.ts";
import { countSelected, type Step } from "../events/scan.ts";
import type { Id } from "../lib/ids.ts";
import { countCancelled, readCancelled } from "../queue/of-replay.ts";
import type { OpenReplay } from "./_rows.ts";
import type { Leftovers } from "./replay.ts";
import { walkSources } from "./walk.ts";

/** The sources that a bulk replay takes its events from. */
export const sourcesOf = ({ road, sourceId }: Pick<OpenReplay, "road" | "sourceId">): readonly Id[] =>
  road?.sourceIds ?? [sourceId];

/** What a bulk replay that takes no further page leaves to the one that goes on with it. */
export const leftBy = ({
  id,
  cursor,
  leftovers,
}: Pick<OpenReplay, "id" | "cursor" | "leftovers">): Leftovers | null => {
  if (cursor === null) return leftovers;
  const isThrough = leftovers === null || cursor >= leftovers.through;
  return isThrough
    ? { replayIds: [id], through: cursor }
    : { replayIds: [id, ...leftovers.replayIds], through: leftovers.through };
};

/** How many events there are for a bulk replay that has not begun. Of a source with more than `lookedAtMax` a lower bound. */
export const countRest = async (
  store: Pick<Store, "list">,
  replay: Pick<OpenReplay, "teamId" | "envId" | "sourceId" | "road" | "filter" | "leftovers" | "upperId">,
  lookedAtMax: number,
): Promise<number> => {
  const { teamId, envId, filter, leftovers, upperId: through } = replay;
  let total = leftovers === null ? 0 : await countCancelled(store, { ...leftovers, after: null });
  const stretch = { after: leftovers?.through ?? null, through, lookedAtMax };
  for (const sourceId of sourcesOf(replay)) {
    total += await countSelected(store, { teamId, envId, sourceId }, filter, stretch);
  }
  return total;
};

/** The next events of a bulk replay, and the connections to which those are confined that others left. */
export type NextEvents = Step & { readonly confinedTo: ReadonlyMap<Id, ReadonlySet<Id>> };

/** Finds the next events of a bulk replay: what others left comes first, and lies before all that its filter finds. */
export const nextEvents = async (
  store: Pick<Store, "list">,
  replay: OpenReplay,
  limit: number,
): Promise<NextEvents> => {
  const { teamId, envId, filter, cursor, leftovers, upperId: through } = replay;
  if (leftovers === null || (cursor !== null && cursor >= leftovers.through)) {
    const owner = { teamId, envId, sourceIds: sourcesOf(replay) };
    return {
      ...(await walkSources(store, owner, filter, { after: cursor, through, limit })),
      confinedTo: new Map(),
    };
  }
  const confinedTo = await readCancelled(store, { ...leftovers, after: cursor, limit });
  const ids = [...confinedTo.keys()];
  const next = ids.length === limit ? (ids.at(-1) ?? leftovers.through) : leftovers.through;
  return { events: await readOwnEvents(store, { teamId, envId }, ids), next, confinedTo };
};
