import type { Store } from "../db/store.ts";
import { type Id, idToBytes } from "../lib/ids.ts";
import { newestIds } from "./_across.ts";
import type { AcrossFilter, EventsOwner } from "./across.ts";

/** Events that one search looks at: with the size of a body, it bounds what a reader can be kept busy with. */
const searchedMax = 10_000;

/** What a search found, newest first, and where the next one goes on when there may be more behind its bound. */
export type FoundAcross = { readonly ids: readonly Id[]; readonly nextBefore: Id | null };

/** Events whose body holds `text`, among the newest 10,000 of the filter, or of those before the cursor. */
export const searchAcross = async (
  store: Pick<Store, "list">,
  owner: EventsOwner,
  { text, ...filter }: AcrossFilter & { readonly text: string },
  before: Id | undefined,
): Promise<FoundAcross> => {
  const looked = await newestIds(store, owner, filter, { count: searchedMax, before });
  const oldest = looked.at(-1);
  if (oldest === undefined) return { ids: [], nextBefore: null };
  const ids = await newestIds(store, owner, filter, {
    count: searchedMax,
    before,
    narrow: (found) =>
      found.where("id", ">=", idToBytes(oldest)).where(({ exists, selectFrom }) =>
        exists(
          selectFrom("payloads")
            .select("event_id")
            .whereRef("payloads.event_id", "=", "events.id")
            // Bytes are searched as they are: neither a type nor a case is guessed.
            .where((eb) => eb(eb.fn<number>("instr", ["payloads.body", eb.val(Buffer.from(text))]), ">", 0)),
        ),
      ),
  });
  return { ids, nextBefore: looked.length < searchedMax ? null : oldest };
};
