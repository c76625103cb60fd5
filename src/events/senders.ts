import type { Store } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { EventTables } from "./_rows.ts";

/** What lists show of a request beside its event. */
export type Sender = { readonly method: string; readonly senderAddress: string | null };

/** How these events came. */
export const readSenders = async (
  store: Pick<Store, "lookup">,
  ids: readonly Id[],
): Promise<ReadonlyMap<Id, Sender>> => {
  if (ids.length === 0) return new Map();
  const rows = await store
    .lookup<EventTables>()
    .selectFrom("payloads")
    .select(["event_id", "method", "sender_address"])
    .where("event_id", "in", ids.map(idToBytes))
    .execute();
  return new Map(
    rows.map((row) => [idFromBytes(row.event_id), { method: row.method, senderAddress: row.sender_address }]),
  );
};
