import { toDestinationRow } from "./_destination-row.ts";
import { isDestinationSlugTaken } from "./_destination-slug.ts";
import { destinationsFull } from "./_destinations-full.ts";
import { newDestination } from "./_new-destination.ts";
import type { RoutingTables } from "./_rows.ts";
import type { NewDestination } from "./decide-destination.ts";
import type { DestinationView } from "./destination-view.ts";
import type { DestinationLimits } from "./limits.ts";
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

type Parts = Pick<RoutingParts, "store" | "table" | "keyring" | "clock" | "ids">;

/** Makes a destination that stands alone: connections lead to it, and none of their sources takes it along when it goes. */
export const makeDestination = (
  parts: Parts,
  scope: Scope,
  draft: NewDestination & { readonly slug: string },
  limits: DestinationLimits = { teamDestinationsMax: null },
): Promise<MadeDestination> =>
  parts.store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const of = await destinationsFull(tables, scope, limits);
    if (of !== null) return { kind: "limit_reached", of };
    if (await isDestinationSlugTaken(tables, scope, draft.slug)) return { kind: "slug_taken" };
    const { destination, sealed } = newDestination(parts, scope, { ...draft, ownerSourceId: null });
    await tables.insertInto("destinations").values(toDestinationRow(destination, sealed)).execute();
    tx.afterCommit(() => parts.table.putDestination(destination, sealed));
    return { kind: "created", destination, outgoing: draft.outgoing ?? plainOutgoing };
  }, "routing");
