import type { Kysely, SelectQueryBuilder } from "kysely";

import { idToBytes } from "../lib/ids.ts";
import type { RoutingTables } from "./_rows.ts";
import { fromSourceRow, type SourceRow } from "./_source-row.ts";
import type { CountedSource } from "./counted-source.ts";
import { destinationsMax } from "./limits.ts";
import type { Scope } from "./scope.ts";

/** A source's row with the number of its destinations. */
export type CountedSourceRow = SourceRow & { destinations_count: number | null };

export const fromCountedRow = (row: CountedSourceRow): CountedSource => ({
  source: fromSourceRow(row),
  destinationsCount: row.destinations_count ?? 0,
});

/** The sources that this team and environment own and that people made: internal ones are never listed or found. */
export const ownedSources = (
  tables: Kysely<RoutingTables>,
  scope: Scope,
): SelectQueryBuilder<RoutingTables, "sources", object> =>
  tables
    .selectFrom("sources")
    .where("sources.team_id", "=", idToBytes(scope.teamId))
    .where("sources.env_id", "=", idToBytes(scope.envId))
    .where("sources.kind", "=", "webhook")
    .where("sources.deleted_at_ms", "is", null);

/**
 * Whether a source of the environment has this slug. What is deleted gave its own up. Whoever changes routing does so one at a
 * time, so the answer holds until the transaction ends.
 */
export const isSlugTaken = async (
  tables: Kysely<RoutingTables>,
  { envId }: Pick<Scope, "envId">,
  slug: string,
): Promise<boolean> => {
  const row = await tables
    .selectFrom("sources")
    .select("id")
    .where("env_id", "=", idToBytes(envId))
    .where("slug", "=", slug)
    .executeTakeFirst();
  return row !== undefined;
};

/** The sources that this team and environment own, counted. */
export const countedSources = (
  tables: Kysely<RoutingTables>,
  scope: Scope,
): SelectQueryBuilder<RoutingTables, "sources", CountedSourceRow> =>
  ownedSources(tables, scope)
    .selectAll("sources")
    .select((eb) =>
      eb
        .selectFrom("connections")
        .select(({ fn }) => fn.count<number>("connections.destination_id").distinct().as("count"))
        .whereRef("connections.source_id", "=", "sources.id")
        .where("connections.deleted_at_ms", "is", null)
        .as("destinations_count"),
    );

/** Whether as many connections lead away from a source as may. */
export const isSourceFull = async (tables: Kysely<RoutingTables>, sourceId: Uint8Array): Promise<boolean> => {
  const { count } = await tables
    .selectFrom("connections")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("source_id", "=", sourceId)
    .where("deleted_at_ms", "is", null)
    .executeTakeFirstOrThrow();
  return count >= destinationsMax;
};
