import type { Tx } from "../db/store.ts";
import { idToBytes } from "../lib/ids.ts";
import type { RoutingTables } from "./_rows.ts";
import type { Scope } from "./scope.ts";

/** Whether a team has sources or destinations in an environment. Deleted ones do not count. */
export const hasSettings = async (tx: Tx, { teamId, envId }: Scope): Promise<boolean> => {
  for (const table of ["sources", "destinations"] as const) {
    const found = await tx
      .tables<RoutingTables>()
      .selectFrom(table)
      .select("id")
      .where("team_id", "=", idToBytes(teamId))
      .where("env_id", "=", idToBytes(envId))
      .where("deleted_at_ms", "is", null)
      .limit(1)
      .executeTakeFirst();
    if (found !== undefined) return true;
  }
  return false;
};
