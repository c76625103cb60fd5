import type { EventsAsked, EventsFound, EventsPort, ListedEvent } from "../api/hookstream/ports.ts";
import type { Store } from "../db/store.ts";
import { attemptsOf } from "../delivery/attempt-log.ts";
import type { AcrossFilter, EventsOwner } from "../events/across.ts";
import type { Event, EventScope } from "../events/event.ts";
import { countAcross, listAcross, readByIds } from "../events/list-across.ts";
import { readOwnEvent, readStored } from "../events/read.ts";
import { searchAcross } from "../events/search-across.ts";
import { readSenders } from "../events/senders.ts";
import type { Id } from "../lib/ids.ts";
import { deliveriesOf, readWaits } from "../queue/read.ts";
import type { Source } from "../routing/source.ts";
import type { RoutingTable } from "../routing/table.ts";

type Parts = { readonly store: Pick<Store, "lookup" | "list">; readonly table: RoutingTable };

type Page = Omit<EventsFound, "events"> & { readonly events: readonly Event[] };

/** Sources that people made, of this team and environment. Events of deleted ones are gone with them. */
const ownSource = ({ table }: Parts, { teamId, envId }: EventScope, id: Id): Source | null => {
  const source = table.source(id)?.source;
  const isOwn = source?.kind === "webhook" && source.teamId === teamId && source.envId === envId;
  return isOwn ? source : null;
};

const ownSourceIds = (parts: Parts, owner: EventScope): readonly Id[] =>
  [...parts.table.sources()].map(({ source }) => source.id).filter((id) => ownSource(parts, owner, id) !== null);

const listPage = async (
  { store }: Parts,
  owner: EventsOwner,
  filter: AcrossFilter,
  { limit, offset, before }: EventsAsked,
): Promise<Page> => {
  const page = { limit: limit + 1, offset, ...(before === undefined ? {} : { before }) };
  const [found, { total, capped }] = await Promise.all([
    listAcross(store, owner, filter, page),
    countAcross(store, owner, filter),
  ]);
  const events = found.slice(0, limit);
  const hasMore = found.length > limit;
  return { events, total, capped, hasMore, nextBefore: hasMore ? (events.at(-1)?.id ?? null) : null };
};

const searchPage = async (
  { store }: Parts,
  owner: EventsOwner,
  filter: AcrossFilter & { readonly text: string },
  { limit, offset, before }: EventsAsked,
): Promise<Page> => {
  const { ids, nextBefore } = await searchAcross(store, owner, filter, before);
  const page = ids.slice(offset, offset + limit);
  const isCut = ids.length > offset + limit;
  return {
    events: await readByIds(store, owner, page),
    total: ids.length,
    capped: nextBefore !== null,
    hasMore: isCut || nextBefore !== null,
    nextBefore: isCut ? (page.at(-1) ?? null) : nextBefore,
  };
};

const idPrefixPattern = /^(?:evt_)?([0-9a-f-]{8,36})$/i;

/** The hex digits of what may be the beginning of an id. */
const idPrefixOf = (text: string): string | null => {
  const digits = idPrefixPattern.exec(text)?.[1]?.replaceAll("-", "").toLowerCase() ?? "";
  return digits.length >= 8 && digits.length <= 32 ? digits : null;
};

const findPage = async (parts: Parts, owner: EventsOwner, asked: EventsAsked): Promise<Page> => {
  const { filter, search } = asked;
  if (search === null) return listPage(parts, owner, filter, asked);
  const idPrefix = idPrefixOf(search);
  if (idPrefix !== null) {
    const named = await listPage(parts, owner, { ...filter, idPrefix }, asked);
    if (named.total > 0) return named;
  }
  return searchPage(parts, owner, { ...filter, text: search }, asked);
};

/** Puts what the rooms know of the events of an environment together for an API. */
export const createEventSearch = (parts: Parts): EventsPort => ({
  list: async (owner, asked) => {
    const all = asked.sourceId === null ? ownSourceIds(parts, owner) : [asked.sourceId];
    const sourceIds = all.filter((id) => ownSource(parts, owner, id) !== null);
    const page = await findPage(parts, { ...owner, sourceIds }, asked);
    const senders = await readSenders(
      parts.store,
      page.events.map(({ id }) => id),
    );
    const events = page.events.flatMap((event): ListedEvent[] => {
      const source = ownSource(parts, owner, event.sourceId);
      return source === null ? [] : [{ event, source, sender: senders.get(event.id) ?? null }];
    });
    return { ...page, events };
  },
  find: async (owner, eventId) => {
    const event = await readOwnEvent(parts.store, owner, eventId);
    const source = event === null ? null : ownSource(parts, owner, event.sourceId);
    return event === null || source === null ? null : { event, source };
  },
  detail: async ({ event, source }) => {
    const [deliveries, attempts, stored] = await Promise.all([
      deliveriesOf(parts.store, event.id),
      attemptsOf(parts.store, event.id),
      readStored(parts.store, event.id),
    ]);
    const waiting = deliveries.filter(({ status }) => status === "pending");
    const waits = await readWaits(
      parts.store,
      waiting.map(({ id }) => ({ eventId: event.id, deliveryId: id })),
    );
    const byId = new Map(deliveries.map((delivery) => [delivery.id, delivery]));
    return {
      event,
      source,
      payload: stored?.payload ?? null,
      attempts: attempts.flatMap((attempt) => {
        const delivery = byId.get(attempt.deliveryId);
        const destination = delivery && parts.table.destination(delivery.destinationId)?.destination;
        if (delivery === undefined || destination === undefined) return [];
        const connection = parts.table.connection(delivery.sourceId, delivery.connectionId) ?? null;
        const nextAtMs = waits.get(delivery.id) ?? null;
        return [{ attempt, delivery, destination, connection, bodyBytes: event.bodyBytes, nextAtMs }];
      }),
    };
  },
  failed: async ({ id }) => {
    const newest = new Map((await deliveriesOf(parts.store, id)).map((each) => [each.connectionId, each]));
    return [...newest.values()].filter(({ status }) => status === "failed" || status === "cancelled");
  },
});
