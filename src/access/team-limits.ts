import type { Store } from "../db/store.ts";
import { BoundedCache } from "../lib/bounded-cache.ts";
import { type Id, idToBytes } from "../lib/ids.ts";
import type { AccessTables } from "./_rows.ts";

/** What a team may have. Null: as much as it likes. */
export type TeamLimits = {
  readonly maxSources: number | null;
  readonly maxDestinations: number | null;
  readonly eventsPerMonth: number | null;
};

/** What a team without a row of its own may have. */
export const unlimited: TeamLimits = { maxSources: null, maxDestinations: null, eventsPerMonth: null };

/** Limits of teams in memory. About 200 bytes each. */
const teamsMax = 10_000;

/** Reads what teams may have, and remembers it until `forget`. */
export const createTeamLimits = (
  store: Pick<Store, "lookup">,
): { limitsOf(teamId: Id): Promise<TeamLimits>; forget(): void } => {
  const known = new BoundedCache<Id, TeamLimits>(teamsMax);
  let forgotten = 0;
  return {
    limitsOf: async (teamId) => {
      const remembered = known.get(teamId);
      if (remembered !== undefined) return remembered;
      const forgottenBefore = forgotten;
      const row = await store
        .lookup<AccessTables>()
        .selectFrom("teams")
        .select(["max_sources", "max_destinations", "events_per_month"])
        .where("id", "=", idToBytes(teamId))
        .executeTakeFirst();
      const limits =
        row === undefined
          ? unlimited
          : {
              maxSources: row.max_sources,
              maxDestinations: row.max_destinations,
              eventsPerMonth: row.events_per_month,
            };
      // What was changed while it was being read is not remembered.
      if (forgotten === forgottenBefore) known.set(teamId, limits);
      return limits;
    },
    forget: () => {
      forgotten += 1;
      known.clear();
    },
  };
};

export type LimitSetterParts = {
  store: Pick<Store, "write">;
  /** Drops what is remembered of limits. */
  forget(): void;
};

/** Says what the team of this name may have: only what is named changes. Null: there is no such team. @throws {StoreError} */
export const setTeamLimits = async (
  { store, forget }: LimitSetterParts,
  name: string,
  changes: Partial<TeamLimits>,
): Promise<TeamLimits | null> =>
  store.write(async (tx) => {
    const tables = tx.tables<AccessTables>();
    const row = await tables.selectFrom("teams").selectAll().where("name", "=", name).executeTakeFirst();
    if (row === undefined) return null;
    const limits: TeamLimits = {
      maxSources: row.max_sources,
      maxDestinations: row.max_destinations,
      eventsPerMonth: row.events_per_month,
      ...changes,
    };
    await tables
      .updateTable("teams")
      .set({
        max_sources: limits.maxSources,
        max_destinations: limits.maxDestinations,
        events_per_month: limits.eventsPerMonth,
      })
      .where("id", "=", row.id)
      .execute();
    tx.afterCommit(forget);
    return limits;
  }, "access");

/** The name of a team. Null: there is none of this id. @throws {StoreError} */
export const findTeamName = async (store: Pick<Store, "lookup">, teamId: Id): Promise<string | null> => {
  const row = await store
    .lookup<AccessTables>()
    .selectFrom("teams")
    .select("name")
    .where("id", "=", idToBytes(teamId))
    .executeTakeFirst();
  return row?.name ?? null;
};
