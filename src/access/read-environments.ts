import type { Store } from "../db/store.ts";
import { type Id, idToBytes } from "../lib/ids.ts";
import { type AccessTables, fromEnvironmentRow } from "./_rows.ts";
import type { Environment } from "./environment.ts";

/** Environments of a team, at most. */
export const environmentsMax = 100;

const ofTeam = (store: Pick<Store, "lookup">, teamId: Id) =>
  store.lookup<AccessTables>().selectFrom("environments").selectAll().where("team_id", "=", idToBytes(teamId));

/** The environments of a team, oldest first. @throws {StoreError} */
export const listEnvironments = async (store: Pick<Store, "lookup">, teamId: Id): Promise<readonly Environment[]> => {
  const rows = await ofTeam(store, teamId).orderBy("id").limit(environmentsMax).execute();
  return rows.map(fromEnvironmentRow);
};

/** One of a team's environments, or its default one (`envId` null). Null: it has no such. @throws {StoreError} */
export const findEnvironment = async (
  store: Pick<Store, "lookup">,
  teamId: Id,
  envId: Id | null,
): Promise<Environment | null> => {
  const wanted =
    envId === null
      ? ofTeam(store, teamId).where("is_default", "=", 1)
      : ofTeam(store, teamId).where("id", "=", idToBytes(envId));
  const row = await wanted.executeTakeFirst();
  return row === undefined ? null : fromEnvironmentRow(row);
};
