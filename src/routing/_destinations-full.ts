import type { Kysely } from "kysely";

import { idToBytes } from "../lib/ids.ts";
import { ownedDestinations } from "./_owned.ts";
import type { RoutingTables } from "./_rows.ts";
import { type DestinationLimits, environmentDestinationsMax } from "./limits.ts";
import type { Scope } from "./scope.ts";

/**
 * What is full, if anything is: there are as many destinations as there may be. Whoever makes one does so while nobody else
 * changes routing, so the answer holds until the transaction ends.
 */
export const destinationsFull = async (
  tables: Kysely<RoutingTables>,
  scope: Scope,
  { teamDestinationsMax }: DestinationLimits,
): Promise<"environment" | "team" | null> => {
  const { count } = await ownedDestinations(tables, scope)
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  if (count >= environmentDestinationsMax) return "environment";
  if (teamDestinationsMax === null) return null;
  const ofTeam = await tables
    .selectFrom("destinations")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("team_id", "=", idToBytes(scope.teamId))
    .where("kind", "=", "webhook")
    .where("deleted_at_ms", "is", null)
    .executeTakeFirstOrThrow();
  return ofTeam.count >= teamDestinationsMax ? "team" : null;
};
