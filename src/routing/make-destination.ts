import type { Kysely } from "kysely";

import { idToBytes } from "../lib/ids.ts";
import { toDestinationRow } from "./_destination-row.ts";
import { isDestinationSlugTaken } from "./_destination-slug.ts";
import { newDestination } from "./_new-destination.ts";
import { ownedDestinations } from "./_owned.ts";
import type { RoutingTables } from "./_rows.ts";
import type { NewDestination } from "./decide-destination.ts";
import type { DestinationView } from "./destination-view.ts";
import { environmentDestinationsMax } from "./limits.ts";
import { plainOutgoing } from "./outgoing.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";

/** A destination that was made, or why none was. */
export type MadeDestination =
  | ({ readonly kind: "created" } & DestinationView)
  /** The environment has `environmentDestinationsMax`, or the team as many as it may have. */
  | { readonly kind: "limit_reached"; readonly of: "environment" | "team" }
  /** Another destination of the environment has this slug. */
  | { readonly kind: "slug_taken" };

/** What a team may have. */
export type DestinationLimits = {
  /** Destinations in all of its environments. Null: no limit of its own. */
  readonly teamDestinationsMax: number | null;
};

type Parts = Pick<RoutingParts, "store" | "table" | "keyring" | "clock" | "ids">;

const fullOf = async (
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

/** Makes a destination that stands alone: connections lead to it, and none of their sources takes it along when it goes. */
export const makeDestination = (
  parts: Parts,
  scope: Scope,
  draft: NewDestination & { readonly slug: string },
  limits: DestinationLimits = { teamDestinationsMax: null },
): Promise<MadeDestination> =>
  parts.store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const of = await fullOf(tables, scope, limits);
    if (of !== null) return { kind: "limit_reached", of };
    if (await isDestinationSlugTaken(tables, scope, draft.slug)) return { kind: "slug_taken" };
    const { destination, sealed } = newDestination(parts, scope, { ...draft, ownerSourceId: null });
    await tables.insertInto("destinations").values(toDestinationRow(destination, sealed)).execute();
    tx.afterCommit(() => parts.table.putDestination(destination, sealed));
    return { kind: "created", destination, outgoing: draft.outgoing ?? plainOutgoing };
  }, "routing");
