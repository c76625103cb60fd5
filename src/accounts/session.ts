import type { Access } from "../access/access.ts";
import type { SessionPrincipal } from "../access/api-key.ts";
import { scopesOf } from "../access/role.ts";
import type { Store } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { AccountsTables } from "./_rows.ts";
import { type Membership, membershipsOf } from "./member.ts";

/** What sessions are resolved with. */
export type SessionParts = {
  readonly store: Pick<Store, "lookup">;
  readonly access: Pick<Access, "findEnvironment">;
};

/** Somebody who has signed in, and all the teams that they may act in. */
export type FoundSession = { readonly principal: SessionPrincipal; readonly memberships: readonly Membership[] };

/**
 * Whose session this is: in the team that they chose, or joined first, in its default environment. Null: it is over, or they belong
 * nowhere any more. @throws {StoreError}
 */
export const findSession = async (
  { store, access }: SessionParts,
  token: string,
  nowMs: number,
): Promise<FoundSession | null> => {
  const row = await store
    .lookup<AccountsTables>()
    .selectFrom("sessions")
    .select(["user_id", "team_id", "expires_at"])
    .where("token", "=", token)
    .executeTakeFirst();
  if (row === undefined || Date.parse(row.expires_at) <= nowMs) return null;
  const memberships = await membershipsOf(store, row.user_id);
  const chosen = row.team_id === null ? null : idFromBytes(row.team_id);
  const membership = memberships.find(({ teamId }) => teamId === chosen) ?? memberships[0];
  if (membership === undefined) return null;
  const { teamId, role } = membership;
  const environment = await access.findEnvironment(teamId, null);
  if (environment === null) return null;
  return {
    memberships,
    principal: {
      kind: "session",
      userId: row.user_id,
      teamId,
      envId: environment.id,
      role,
      scopes: scopesOf(role),
      expiresAtMs: null,
    },
  };
};

/** From now on the session acts in another team of its holder's. The caller has seen that it is theirs. @throws {StoreError} */
export const chooseTeam = (store: Pick<Store, "write">, token: string, teamId: Id): Promise<void> =>
  store.write(async (tx) => {
    await tx
      .tables<AccountsTables>()
      .updateTable("sessions")
      .set({ team_id: idToBytes(teamId) })
      .where("token", "=", token)
      .execute();
  });

/** Ends a session. @throws {StoreError} */
export const endSession = (store: Pick<Store, "write">, token: string): Promise<void> =>
  store.write(async (tx) => {
    await tx.tables<AccountsTables>().deleteFrom("sessions").where("token", "=", token).execute();
  });
