import type { Store } from "../db/store.ts";
import { type Id, idFromBytes } from "../lib/ids.ts";
import type { RoutingTables } from "./_rows.ts";
import type { Scope } from "./scope.ts";

/** Sources that one read brings back; the others' turn comes when these are gone. */
const expiredMax = 100;

/** Ephemeral sources that expired before `beforeMs`, Unix milliseconds, the longest expired first. */
export const readExpired = async (
  store: Pick<Store, "list">,
  beforeMs: number,
): Promise<readonly (Scope & { readonly id: Id })[]> => {
  const rows = await store
    .list<RoutingTables>()
    .selectFrom("sources")
    .select(["id", "team_id", "env_id"])
    .where("expires_at_ms", "is not", null)
    .where("expires_at_ms", "<=", beforeMs)
    .where("is_ephemeral", "=", 1)
    .where("deleted_at_ms", "is", null)
    .orderBy("expires_at_ms")
    .limit(expiredMax)
    .execute();
  return rows.map((row) => ({
    id: idFromBytes(row.id),
    teamId: idFromBytes(row.team_id),
    envId: idFromBytes(row.env_id),
  }));
};
