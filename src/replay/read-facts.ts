import type { Store } from "../db/store.ts";
import type { Event } from "../events/event.ts";
import { readStored } from "../events/read.ts";
import { type EventFacts, factsOf } from "../routing/event-facts.ts";

/** What filters ask of a stored event; null when its bytes are not there any more. */
export const readFacts = async (
  { store }: { readonly store: Pick<Store, "lookup"> },
  { id }: Pick<Event, "id">,
): Promise<EventFacts | null> => {
  const stored = await readStored(store, id);
  return stored === null ? null : factsOf(stored.payload);
};
