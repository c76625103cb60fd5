import type { Store } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { IngestTables, RefusedRow } from "./_rows.ts";
import type { RefusedReason } from "./refusal.ts";

/** A request that a source did not take. Its headers and its body are not kept. */
export type RefusedRequest = {
  readonly id: Id;
  readonly sourceId: Id;
  readonly reason: RefusedReason;
  /** What it was answered with. */
  readonly status: number;
  readonly method: string;
  readonly senderAddress: string | null;
  /** As many as came, or were announced. */
  readonly bodyBytes: number;
  readonly receivedAtMs: number;
};

const fromRow = (row: RefusedRow): RefusedRequest => ({
  id: idFromBytes(row.id),
  sourceId: idFromBytes(row.source_id),
  reason: row.reason,
  status: row.status,
  method: row.method,
  senderAddress: row.sender_address,
  bodyBytes: row.body_bytes,
  receivedAtMs: row.received_at_ms,
});

/** A page of the last requests that a source of this team and environment refused, newest first. */
export const readRefused = async (
  store: Pick<Store, "list">,
  { teamId, envId, sourceId }: { readonly teamId: Id; readonly envId: Id; readonly sourceId: Id },
  { limit, before }: { readonly limit: number; readonly before?: Id },
): Promise<readonly RefusedRequest[]> => {
  let query = store
    .list<IngestTables>()
    .selectFrom("refused_requests")
    .selectAll()
    .where("source_id", "=", idToBytes(sourceId))
    .where("team_id", "=", idToBytes(teamId))
    .where("env_id", "=", idToBytes(envId));
  if (before !== undefined) query = query.where("id", "<", idToBytes(before));
  const rows = await query.orderBy("id", "desc").limit(limit).execute();
  return rows.map(fromRow);
};
