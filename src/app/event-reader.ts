import type { EventList, EventReader } from "../api/krafter/ports.ts";
import type { Store } from "../db/store.ts";
import { attemptsOf } from "../delivery/attempt-log.ts";
import { countEvents, listEvents, searchEvents } from "../events/list.ts";
import { readEvent, readStored } from "../events/read.ts";
import { deliveriesOf } from "../queue/read.ts";
import type { RoutingTable } from "../routing/table.ts";

type Parts = { readonly store: Pick<Store, "lookup" | "list">; readonly table: RoutingTable };

const listPage = async (
  { store }: Parts,
  ...[owner, sourceId, { search, position, limit }]: Parameters<EventReader["list"]>
): Promise<EventList> => {
  const { text, ...filter } = search;
  const of = { ...owner, sourceId };
  const before = position.kind === "cursor" && position.before !== null ? { before: position.before } : {};
  if (text !== undefined) {
    const { events, nextBefore } = await searchEvents(store, of, { ...filter, text }, { limit, ...before });
    return { events, nextBefore, total: null };
  }
  const offset = position.kind === "page" ? (position.page - 1) * limit : 0;
  const [events, { total, capped }] = await Promise.all([
    listEvents(store, of, filter, { limit, offset, ...before }),
    countEvents(store, of, filter),
  ]);
  const nextBefore = events.length === limit ? (events.at(-1)?.id ?? null) : null;
  return { events, nextBefore, total: { count: total, capped } };
};

/** Puts what the rooms know of an event together for an API. Deliveries to a deleted destination are gone with it. */
export const createEventReader = (parts: Parts): EventReader => ({
  list: (owner, sourceId, asked) => listPage(parts, owner, sourceId, asked),
  find: (owner, key) => readEvent(parts.store, owner, key),
  detail: async (event, { payload }) => {
    const [deliveries, attempts, stored] = await Promise.all([
      deliveriesOf(parts.store, event.id),
      attemptsOf(parts.store, event.id),
      payload ? readStored(parts.store, event.id) : null,
    ]);
    const byDelivery = Map.groupBy(attempts, ({ deliveryId }) => deliveryId);
    return {
      event,
      payload: stored?.payload ?? null,
      deliveries: deliveries
        .filter(({ destinationId }) => parts.table.destination(destinationId) !== undefined)
        .map((delivery) => ({ delivery, attempts: byDelivery.get(delivery.id) ?? [] })),
    };
  },
});
