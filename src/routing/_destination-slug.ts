import type { Kysely } from "kysely";

import { idToBytes } from "../lib/ids.ts";
import type { RoutingTables } from "./_rows.ts";
import type { Scope } from "./scope.ts";

/**
 * Whether a destination of the environment has this slug. Whoever changes routing does so one at a time, so the answer
 * holds until the transaction ends.
 */
export const isDestinationSlugTaken = async (
  tables: Kysely<RoutingTables>,
  { envId }: Pick<Scope, "envId">,
  slug: string,
): Promise<boolean> => {
  const row = await tables
    .selectFrom("destinations")
    .select("id")
    .where("env_id", "=", idToBytes(envId))
    .where("slug", "=", slug)
    .where("deleted_at_ms", "is", null)
    .executeTakeFirst();
  return row !== undefined;
};
