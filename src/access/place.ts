import type { Tx } from "../db/store.ts";
import { type Id, idFromBytes, type Ids, idToBytes } from "../lib/ids.ts";
import type { AccessTables } from "./_rows.ts";
import type { Place } from "./api-key.ts";
import { slugOfEnvironment } from "./environment.ts";
import { nameCharsMax } from "./names.ts";
import { freeSlug } from "./slug.ts";

/** The team of those who name none. */
const defaultTeamName = "default";

/** The environment that every team starts with, and that counts when none is named. */
const defaultEnvironmentName = "production";

/** What making a place needs. */
export type PlaceParts = { ids: Ids; nowMs: number };

const addTeam = async (tx: Tx, name: string, parts: PlaceParts): Promise<Place> => {
  const teamId = parts.ids.next();
  await tx
    .tables<AccessTables>()
    .insertInto("teams")
    .values({
      id: idToBytes(teamId),
      name,
      created_at_ms: parts.nowMs,
      max_sources: null,
      max_destinations: null,
      events_per_month: null,
    })
    .execute();
  return { teamId, envId: await addEnvironment(tx, teamId, { name: defaultEnvironmentName, isDefault: true }, parts) };
};

const findTeam = async (tx: Tx, name: string): Promise<Id | null> => {
  const found = await tx
    .tables<AccessTables>()
    .selectFrom("teams")
    .select("id")
    .where("name", "=", name)
    .executeTakeFirst();
  return found === undefined ? null : idFromBytes(found.id);
};

const slugsOf = async (tx: Tx, teamId: Id): Promise<ReadonlySet<string>> => {
  const rows = await tx
    .tables<AccessTables>()
    .selectFrom("environments")
    .select(["name", "slug"])
    .where("team_id", "=", idToBytes(teamId))
    .execute();
  return new Set(rows.map(({ name, slug }) => slug ?? slugOfEnvironment(name)));
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
      slug: freeSlug(slugOfEnvironment(name), await slugsOf(tx, teamId)),
      is_default: isDefault ? 1 : 0,
      created_at_ms: nowMs,
    })
    .execute();
  return id;
};

/** Makes a team with its default environment. A name that is taken is followed by a number: two people may be called the same. */
export const makeTeam = async (tx: Tx, wantedName: string, parts: PlaceParts): Promise<Place> => {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wantedName : `${wantedName.slice(0, nameCharsMax - 8)} ${number}`;
    if ((await findTeam(tx, name)) === null) return addTeam(tx, name, parts);
  }
};

/** Whether there is such an environment of such a team. */
export const hasPlace = async (tx: Tx, { teamId, envId }: Place): Promise<boolean> => {
  const found = await tx
    .tables<AccessTables>()
    .selectFrom("environments")
    .select("id")
    .where("id", "=", idToBytes(envId))
    .where("team_id", "=", idToBytes(teamId))
    .executeTakeFirst();
  return found !== undefined;
};

/** Finds a team and an environment by name, and makes what is absent. Without names: the defaults. */
export const ensurePlace = async (
  tx: Tx,
  { team, env }: { team: string | null; env: string | null },
  parts: PlaceParts,
): Promise<Place> => {
  const name = team ?? defaultTeamName;
  const teamId = (await findTeam(tx, name)) ?? (await addTeam(tx, name, parts)).teamId;
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
