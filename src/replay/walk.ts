import type { Store } from "../db/store.ts";
import type { Event } from "../events/event.ts";
import { type EventSelection, type Step, type Stretch, walkEvents } from "../events/scan.ts";
import type { Id } from "../lib/ids.ts";
import type { ReplayScope } from "./replay.ts";

/** Whose events of which sources. */
export type WalkOwner = ReplayScope & { readonly sourceIds: readonly Id[] };

const earliest = (ids: readonly (Id | null)[]): Id | null => {
  let first: Id | null = null;
  for (const id of ids) if (id !== null && (first === null || id < first)) first = id;
  return first;
};

const byId = (a: Event, b: Event): number => (a.id < b.id ? -1 : 1);

/**
 * The next events of a walk over several sources, in the order in which they were received: ids grow with it, whatever the
 * source. At most `limit`, and perhaps none although there are more to come.
 */
export const walkSources = async (
  store: Pick<Store, "list">,
  { sourceIds, teamId, envId }: WalkOwner,
  selection: EventSelection,
  stretch: Stretch & { readonly limit: number },
): Promise<Step> => {
  const [only] = sourceIds;
  if (only !== undefined && sourceIds.length === 1) {
    return walkEvents(store, { teamId, envId, sourceId: only }, selection, stretch);
  }
  const steps: Step[] = [];
  for (const sourceId of sourceIds) {
    steps.push(await walkEvents(store, { teamId, envId, sourceId }, selection, stretch));
  }
  // Behind that, some source has not been looked at.
  const seenUntil = earliest(steps.map(({ next }) => next));
  const seen = steps
    .flatMap(({ events }) => events)
    .filter(({ id }) => seenUntil === null || id <= seenUntil)
    .toSorted(byId);
  const events = seen.slice(0, stretch.limit);
  return { events, next: events.length < seen.length ? (events.at(-1)?.id ?? seenUntil) : seenUntil };
};
