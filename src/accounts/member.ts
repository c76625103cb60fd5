import { fromRoleText, isAtLeast, type Role } from "../access/role.ts";
import type { Store, Tx } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { AccountsTables } from "./_rows.ts";

/** What somebody is in one of their teams. */
export type Membership = { readonly teamId: Id; readonly role: Role };

/** Teams of one person that are looked at. */
const teamsMax = 1_000;

/** The teams of somebody, the one they joined first at the front. @throws {StoreError} */
export const membershipsOf = async (store: Pick<Store, "lookup">, userId: string): Promise<readonly Membership[]> => {
  const rows = await store
    .lookup<AccountsTables>()
    .selectFrom("team_members")
    .select(["team_id", "role"])
    .where("user_id", "=", userId)
    .orderBy("created_at_ms")
    .orderBy("team_id")
    .limit(teamsMax)
    .execute();
  return rows.map(({ team_id, role }) => ({ teamId: idFromBytes(team_id), role: fromRoleText(role) }));
};

/** Makes somebody a member of a team. Whoever is one already keeps the higher of the two roles. */
export const join = async (tx: Tx, userId: string, { teamId, role }: Membership, nowMs: number): Promise<void> => {
  const tables = tx.tables<AccountsTables>();
  const found = await tables
    .selectFrom("team_members")
    .select("role")
    .where("user_id", "=", userId)
    .where("team_id", "=", idToBytes(teamId))
    .executeTakeFirst();
  if (found === undefined) {
    const row = { user_id: userId, team_id: idToBytes(teamId), role, created_at_ms: nowMs };
    await tables.insertInto("team_members").values(row).execute();
  } else if (!isAtLeast(fromRoleText(found.role), role)) {
    await tables
      .updateTable("team_members")
      .set({ role })
      .where("user_id", "=", userId)
      .where("team_id", "=", idToBytes(teamId))
      .execute();
  }
};
