import { sql } from "kysely";

import { type Operation, type OperationResult, rawStatement } from "../db/statement.ts";
import type { Store } from "../db/store.ts";
import { type Id, idFromBytes } from "../lib/ids.ts";
import type { IngestTables } from "./_rows.ts";

/** An event that wants to be the first of its key. */
export type Claim = {
  readonly sourceId: Id;
  readonly key: Uint8Array;
  readonly eventId: Id;
  readonly receivedAtMs: number;
  readonly windowMs: number;
};

const claimSql = (values: string, nowMs: string): string =>
  `insert into dedup_keys (source_id, key, event_id, expires_at_ms) ${values}
   on conflict (source_id, key) do update set event_id = excluded.event_id, expires_at_ms = excluded.expires_at_ms
   where dedup_keys.expires_at_ms <= ${nowMs} returning event_id`;

const claim = rawStatement(claimSql("values (?, ?, ?, ?)", "?"), {
  // In the order of keys: whoever claims two of them waits for the first before it holds the second.
  together: claimSql("select v1, v2, v3, v4 from input order by v1, v2", "(select max(v5) from input)"),
  keyColumns: 2,
  parameters: ["id", "bytes", "id", "integer", "integer"],
  returns: true,
});

/**
 * Claims keys in the commit that stores their events. A key is claimed by the first event that names it, and again by the first
 * after its window is over. Another commit that claims the same one at the same time is waited for. Of one key, one claim.
 */
export const claimOperation = (claims: readonly Claim[]): Operation => {
  // One time for the batch: its requests came within milliseconds of each other.
  const nowMs = claims.reduce((latest, { receivedAtMs }) => Math.max(latest, receivedAtMs), 0);
  return {
    statement: claim,
    rows: claims.map(({ sourceId, key, eventId, receivedAtMs, windowMs }) => [
      sourceId,
      key,
      eventId,
      receivedAtMs + windowMs,
      nowMs,
    ]),
  };
};

/** The events that got the key that they claimed. */
export const winnersOf = ({ rows }: OperationResult): ReadonlySet<Id> =>
  new Set(rows.map(({ event_id: id }) => (id instanceof Uint8Array ? idFromBytes(id) : "")));

/** Removes keys whose window is over, at most `limit` of them. Gives how many. */
export const removeExpiredKeys = (
  store: Pick<Store, "write">,
  { beforeMs, limit }: { readonly beforeMs: number; readonly limit: number },
): Promise<number> =>
  store.write(async (tx) => {
    // The time is asked for twice: a key may be claimed again between the look and the removal.
    const gone = await sql`
      delete from dedup_keys where expires_at_ms <= ${beforeMs} and (source_id, key) in (
        select source_id, key from dedup_keys where expires_at_ms <= ${beforeMs} order by expires_at_ms limit ${limit}
      )`.execute(tx.tables<IngestTables>());
    return Number(gone.numAffectedRows ?? 0n);
  });
