import type { Store, Tx } from "../db/store.ts";
import type { Clock } from "../lib/clock.ts";
import { type Id, type Ids, idToBytes } from "../lib/ids.ts";
import { type AccessTables, fromEnvironmentRow } from "./_rows.ts";
import type { Place } from "./api-key.ts";
import type { Environment } from "./environment.ts";
import { isName, nameRule } from "./names.ts";
import { environmentsMax } from "./read-environments.ts";
import { isSlug, slugRule } from "./slug.ts";

/** What people call an environment. */
export type EnvironmentNames = { readonly name: string; readonly slug: string };

/** Why an environment is not made, or does not get these names. */
export type EnvironmentRefusal =
  | { readonly kind: "invalid"; readonly field: keyof EnvironmentNames; readonly message: string }
  /** Another one of the team has it. */
  | { readonly kind: "taken"; readonly field: keyof EnvironmentNames }
  | { readonly kind: "limit_reached"; readonly max: number }
  | { readonly kind: "not_found" };

/** What came of making or renaming one. */
export type EnvironmentChange = { readonly kind: "done"; readonly environment: Environment } | EnvironmentRefusal;

/**
 * What came of deleting one:
 *
 * - `default`: every team keeps its default environment.
 * - `in_use`: it has sources or destinations, which are to be deleted first.
 */
export type EnvironmentDeletion = { readonly kind: "deleted" | "not_found" | "default" | "in_use" };

export type EnvironmentParts = {
  store: Pick<Store, "write">;
  clock: Pick<Clock, "nowMs">;
  ids: Ids;
  /** Drops what is remembered of keys. */
  forget(): void;
  /** Whether anything is left in an environment that events go by. */
  isInUse(tx: Tx, place: Place): Promise<boolean>;
};

const refusedNames = ({ name, slug }: Partial<EnvironmentNames>): EnvironmentRefusal | null => {
  if (name !== undefined && !isName(name)) return { kind: "invalid", field: "name", message: nameRule };
  if (slug !== undefined && !isSlug(slug)) return { kind: "invalid", field: "slug", message: slugRule };
  return null;
};

const environmentsOf = async (tx: Tx, teamId: Id): Promise<readonly Environment[]> => {
  const rows = await tx
    .tables<AccessTables>()
    .selectFrom("environments")
    .selectAll()
    .where("team_id", "=", idToBytes(teamId))
    .execute();
  return rows.map(fromEnvironmentRow);
};

const takenBy = (
  others: readonly Environment[],
  { name, slug }: Partial<EnvironmentNames>,
): EnvironmentRefusal | null => {
  if (others.some((other) => other.name === name)) return { kind: "taken", field: "name" };
  return others.some((other) => other.slug === slug) ? { kind: "taken", field: "slug" } : null;
};

/** Makes an environment of a team. @throws {StoreError} */
export const createEnvironment = async (
  { store, clock, ids }: EnvironmentParts,
  teamId: Id,
  names: EnvironmentNames,
): Promise<EnvironmentChange> => {
  const refusal = refusedNames(names);
  if (refusal !== null) return refusal;
  return store.write(async (tx) => {
    const others = await environmentsOf(tx, teamId);
    const taken = takenBy(others, names);
    if (taken !== null) return taken;
    if (others.length >= environmentsMax) return { kind: "limit_reached", max: environmentsMax };
    const row = {
      id: idToBytes(ids.next()),
      team_id: idToBytes(teamId),
      ...names,
      is_default: 0,
      created_at_ms: clock.nowMs(),
    };
    await tx.tables<AccessTables>().insertInto("environments").values(row).execute();
    return { kind: "done", environment: fromEnvironmentRow(row) };
    // Two that want the same name come one after the other, wherever they are.
  }, "access");
};

/** Gives an environment other names. @throws {StoreError} */
export const renameEnvironment = async (
  { store }: EnvironmentParts,
  { teamId, envId }: Place,
  names: Partial<EnvironmentNames>,
): Promise<EnvironmentChange> => {
  const refusal = refusedNames(names);
  if (refusal !== null) return refusal;
  return store.write(async (tx) => {
    const all = await environmentsOf(tx, teamId);
    const found = all.find(({ id }) => id === envId);
    if (found === undefined) return { kind: "not_found" };
    const others = all.filter(({ id }) => id !== envId);
    const taken = takenBy(others, names);
    if (taken !== null) return taken;
    const { name = found.name, slug = found.slug } = names;
    await tx
      .tables<AccessTables>()
      .updateTable("environments")
      .set({ name, slug })
      .where("id", "=", idToBytes(envId))
      .execute();
    return { kind: "done", environment: { ...found, name, slug } };
  }, "access");
};

/** Deletes an environment in which nothing is left, and revokes its keys with it. @throws {StoreError} */
export const deleteEnvironment = async (
  { store, clock, forget, isInUse }: EnvironmentParts,
  { teamId, envId }: Place,
): Promise<EnvironmentDeletion> =>
  store.write(async (tx) => {
    const found = (await environmentsOf(tx, teamId)).find(({ id }) => id === envId);
    if (found === undefined) return { kind: "not_found" };
    if (found.isDefault) return { kind: "default" };
    if (await isInUse(tx, { teamId, envId })) return { kind: "in_use" };
    const tables = tx.tables<AccessTables>();
    await tables
      .updateTable("api_keys")
      .set({ revoked_at_ms: clock.nowMs() })
      .where("team_id", "=", idToBytes(teamId))
      .where("env_id", "=", idToBytes(envId))
      .where("revoked_at_ms", "is", null)
      .execute();
    await tables.deleteFrom("environments").where("id", "=", idToBytes(envId)).execute();
    tx.afterCommit(forget);
    return { kind: "deleted" };
  }, "access");
