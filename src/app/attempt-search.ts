import type { AttemptsAsked, AttemptsPort, ListedAttempt } from "../api/hookstream/ports.ts";
import type { Store } from "../db/store.ts";
import { type AttemptKey, listAttemptKeys, readAttempts } from "../delivery/list-attempts.ts";
import type { EventScope } from "../events/event.ts";
import { readByIds } from "../events/list-across.ts";
import type { Id } from "../lib/ids.ts";
import { readDeliveries, readStandings, readWaits, type Standing } from "../queue/read.ts";
import type { RoutingTable } from "../routing/table.ts";

type Parts = { readonly store: Pick<Store, "lookup" | "list">; readonly table: RoutingTable };

/** Attempts that one list looks at, and that one read brings. */
const lookedAtMax = 10_000;
const readMax = 1_000;

/** An attempt that a filter lets pass, with how its delivery stands. */
type Found = { readonly key: AttemptKey; readonly standing: Standing };

/** Whether it was the last of a delivery that failed. */
const isDead = ({ key, standing }: Found): boolean => standing.status === "failed" && key.number === standing.attempts;

/** What is deleted is gone with its attempts, though their rows go later. */
const isThere = ({ table }: Parts, { key, standing }: Found): boolean =>
  table.source(standing.sourceId) !== undefined && table.destination(key.destinationId)?.destination.kind === "webhook";

/** Those of some attempts that the filter lets pass. */
const passing = async (
  parts: Parts,
  { destinationId, connectionId, isFailed, isLast }: AttemptsAsked,
  keys: readonly AttemptKey[],
): Promise<readonly Found[]> => {
  const some = keys.filter(
    (key) =>
      (destinationId === undefined || key.destinationId === destinationId) &&
      (isFailed === undefined || key.isFailed === isFailed),
  );
  const standings = await readStandings(parts.store, some);
  return some.flatMap((key): Found[] => {
    const standing = standings.get(key.deliveryId);
    if (standing === undefined || !isThere(parts, { key, standing })) return [];
    if (connectionId !== undefined && standing.connectionId !== connectionId) return [];
    const found = { key, standing };
    return isLast === undefined || isDead(found) === isLast ? [found] : [];
  });
};

/** What a look at the newest attempts found, and where the next one goes on. Null: there is nothing more. */
type Look = { readonly found: readonly Found[]; readonly next: Id | null };

const look = async (
  parts: Parts,
  owner: EventScope,
  asked: AttemptsAsked,
  { before, enough }: { readonly before: Id | undefined; readonly enough: number },
): Promise<Look> => {
  const found: Found[] = [];
  let last = before;
  for (let looked = 0; looked < lookedAtMax && found.length < enough; looked += readMax) {
    const span = { limit: readMax, before: last, eventId: asked.eventId };
    const keys = await listAttemptKeys(parts.store, owner, span);
    found.push(...(await passing(parts, asked, keys)));
    last = keys.at(-1)?.id;
    if (keys.length < readMax || last === undefined) return { found, next: null };
  }
  return { found, next: last ?? null };
};

const listed = async (parts: Parts, owner: EventScope, found: readonly Found[]): Promise<readonly ListedAttempt[]> => {
  const keys = found.map(({ key }) => key);
  const waiting = found.filter(({ standing }) => standing.status === "pending");
  const [attempts, deliveries, events, waits] = await Promise.all([
    readAttempts(
      parts.store,
      owner,
      keys.map(({ id }) => id),
    ),
    readDeliveries(parts.store, keys),
    readByIds(parts.store, owner, [...new Set(keys.map(({ eventId }) => eventId))]),
    readWaits(
      parts.store,
      waiting.map(({ key }) => key),
    ),
  ]);
  const attemptById = new Map(attempts.map(({ attempt }) => [attempt.id, attempt]));
  const eventById = new Map(events.map((event) => [event.id, event]));
  return keys.flatMap((key): ListedAttempt[] => {
    const attempt = attemptById.get(key.id);
    const delivery = deliveries.get(key.deliveryId);
    const event = eventById.get(key.eventId);
    const destination = parts.table.destination(key.destinationId)?.destination;
    if (attempt === undefined || delivery === undefined || event === undefined || destination === undefined) return [];
    const connection = parts.table.connection(delivery.sourceId, delivery.connectionId) ?? null;
    const nextAtMs = waits.get(delivery.id) ?? null;
    return [{ attempt, delivery, destination, connection, bodyBytes: event.bodyBytes, nextAtMs }];
  });
};

/** Puts what the rooms know of the attempts of an environment together for an API. */
export const createAttemptSearch = (parts: Parts): AttemptsPort => ({
  list: async (owner, asked) => {
    const { limit, offset, before } = asked;
    const all = await look(parts, owner, asked, { before: undefined, enough: lookedAtMax });
    const shown = before === undefined ? all : await look(parts, owner, asked, { before, enough: offset + limit + 1 });
    const page = shown.found.slice(offset, offset + limit);
    const isCut = shown.found.length > offset + limit;
    return {
      attempts: await listed(parts, owner, page),
      total: all.found.length,
      capped: all.next !== null,
      hasMore: isCut || shown.next !== null,
      nextBefore: isCut ? (page.at(-1)?.key.id ?? null) : shown.next,
    };
  },
  find: async (owner, attemptId) => {
    const [read] = await readAttempts(parts.store, owner, [attemptId]);
    if (read === undefined) return null;
    const { key } = read;
    const standing = (await readStandings(parts.store, [key])).get(key.deliveryId);
    if (standing === undefined || !isThere(parts, { key, standing })) return null;
    const [found] = await listed(parts, owner, [{ key, standing }]);
    return found ?? null;
  },
});
