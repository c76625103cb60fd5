import type { Store } from "../db/store.ts";
import type { Id } from "../lib/ids.ts";
import type { Event, EventOwner, Payload } from "./event.ts";
import { listEvents } from "./list.ts";
import { readStored } from "./read.ts";

/** An event with its bytes. */
export type ReceivedEvent = { readonly event: Event; readonly payload: Payload };

/** A page of what a source received, bytes included, newest first. One that was removed meanwhile is left out. */
export const readReceived = async (
  store: Pick<Store, "list" | "lookup">,
  owner: EventOwner,
  { limit, before }: { readonly limit: number; readonly before?: Id },
): Promise<readonly ReceivedEvent[]> => {
  const page = { limit, offset: 0, ...(before === undefined ? {} : { before }) };
  const events = await listEvents(store, owner, {}, page);
  const stored = await Promise.all(events.map(({ id }) => readStored(store, id)));
  return stored.filter((one) => one !== null);
};
