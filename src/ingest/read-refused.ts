import type { Store } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";

type RefusedRow = {
  id: Uint8Array;
  team_id: Uint8Array;
  env_id: Uint8Array;
  source_id: Uint8Array;
  reason: string;
  status: number;
  method: string;
  sender_address: string | null;
  body_bytes: number;
  received_at_ms: number;
};

/** A request that a source did not take. */
export type RefusedRequest = {
  readonly id: Id;
  readonly sourceId: Id;
  /** From the closed set that ingest counts refusals by. */
  readonly reason: string;
  /** What it was answered with. */
  readonly status: number;
  readonly method: string;
  readonly senderAddress: string | null;
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
    .list<{ refused_requests: RefusedRow }>()
    .selectFrom("refused_requests")
    .selectAll()
    .where("source_id", "=", idToBytes(sourceId))
    .where("team_id", "=", idToBytes(teamId))
    .where("env_id", "=", idToBytes(envId));
  if (before !== undefined) query = query.where("id", "<", idToBytes(before));
  const rows = await query.orderBy("id", "desc").limit(limit).execute();
  return rows.map(fromRow);
};
