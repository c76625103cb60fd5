import type { Tx } from "../db/store.ts";
import { type Id, idFromBytes, type Ids, idToBytes } from "../lib/ids.ts";
import type { AccessTables } from "./_rows.ts";
import type { Place } from "./api-key.ts";

/** The team of those who name none. */
const defaultTeamName = "default";

/** The environment that every team starts with, and that counts when none is named. */
const defaultEnvironmentName = "production";

/** What making a place needs. */
export type PlaceParts = { ids: Ids; nowMs: number };

const ensureTeam = async (tx: Tx, name: string, { ids, nowMs }: PlaceParts): Promise<Id> => {
  const tables = tx.tables<AccessTables>();
  const found = await tables.selectFrom("teams").select("id").where("name", "=", name).executeTakeFirst();
  if (found !== undefined) return idFromBytes(found.id);
  const id = ids.next();
  await tables
    .insertInto("teams")
    .values({ id: idToBytes(id), name, created_at_ms: nowMs })
    .execute();
  await addEnvironment(tx, id, { name: defaultEnvironmentName, isDefault: true }, { ids, nowMs });
  return id;
};

const addEnvironment = async (
  tx: Tx,
  teamId: Id,
  { name, isDefault }: { name: string; isDefault: boolean },
  { ids, nowMs }: PlaceParts,
): Promise<Id> => {
  const id = ids.next();
  await tx
    .tables<AccessTables>()
    .insertInto("environments")
    .values({
      id: idToBytes(id),
      team_id: idToBytes(teamId),
      name,
      is_default: isDefault ? 1 : 0,
      created_at_ms: nowMs,
    })
    .execute();
  return id;
};

/** Finds a team and an environment by name, and makes what is absent. Without names: the defaults. */
export const ensurePlace = async (
  tx: Tx,
  { team, env }: { team: string | null; env: string | null },
  parts: PlaceParts,
): Promise<Place> => {
  const teamId = await ensureTeam(tx, team ?? defaultTeamName, parts);
  const ofTeam = tx
    .tables<AccessTables>()
    .selectFrom("environments")
    .select("id")
    .where("team_id", "=", idToBytes(teamId));
  const found = await (
    env === null ? ofTeam.where("is_default", "=", 1) : ofTeam.where("name", "=", env)
  ).executeTakeFirst();
  if (found !== undefined) return { teamId, envId: idFromBytes(found.id) };
  const wanted = { name: env ?? defaultEnvironmentName, isDefault: env === null };
  return { teamId, envId: await addEnvironment(tx, teamId, wanted, parts) };
};
