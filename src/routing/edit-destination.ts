import { type Id, idToBytes } from "../lib/ids.ts";
import { changedColumns } from "./_changed-columns.ts";
import { toDestinationRow } from "./_destination-row.ts";
import { isDestinationSlugTaken } from "./_destination-slug.ts";
import { changedDestination } from "./_new-destination.ts";
import { ownedDestinations } from "./_owned.ts";
import type { RoutingTables } from "./_rows.ts";
import type { Change } from "./change.ts";
import type { DestinationChanges } from "./decide-destination.ts";
import { type DestinationView, viewOf } from "./destination-view.ts";
import { closedCircuit } from "./destination.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";
import { openOutgoing } from "./table.ts";

/** What to change of a destination, whatever leads to it. Absent parts stay. */
export type DestinationEdit = DestinationChanges & {
  readonly slug?: string;
  /** Forgets the failures, and sends again at once. */
  readonly closesCircuit?: true;
};

/** A destination before and after a change, or why there was none. */
export type EditedDestination =
  | ({ readonly kind: "updated" } & Change<DestinationView>)
  /** This team and environment own none of that id. */
  | { readonly kind: "not_found" }
  /** Another destination of the environment has this slug. */
  | { readonly kind: "slug_taken" };

type Parts = Pick<RoutingParts, "store" | "table" | "keyring" | "clock">;

/** What to change of a destination that is as it is now, or why that cannot be. */
type DecideEdit<Refusal> = (
  now: DestinationView,
) => { readonly kind: "settled"; readonly value: DestinationEdit } | Refusal;

/**
 * Changes a destination as is decided in the same transaction: what is decided of a part of it, or of a mask that stands for
 * what is there, cannot bring back what another change has replaced. The caller wakes its lane; when it was switched off, it
 * has its pending deliveries cancelled before it answers.
 */
export const editDestination = <Refusal extends { readonly kind: "refused" } = never>(
  { store, table, keyring, clock }: Parts,
  scope: Scope,
  id: Id,
  decide: DecideEdit<Refusal>,
): Promise<EditedDestination | Refusal> =>
  store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const row = await ownedDestinations(tables, scope)
      .selectAll("destinations")
      .where("destinations.id", "=", idToBytes(id))
      .executeTakeFirst();
    if (row === undefined) return { kind: "not_found" };
    const before = viewOf(keyring, row);
    const decided = decide(before);
    if (decided.kind === "refused") return decided;
    const { slug, closesCircuit, ...changes } = decided.value;
    const isOther = slug !== undefined && slug !== before.destination.slug;
    if (isOther && (await isDestinationSlugTaken(tables, scope, slug))) return { kind: "slug_taken" };

    const nowMs = clock.nowMs();
    const { destination, sealed } = changedDestination(row, changes, { keyring, nowMs });
    const changed = {
      ...destination,
      slug: slug ?? destination.slug,
      ...(closesCircuit === true ? closedCircuit : {}),
    };
    // A row that was made before slugs were has none: that it is written now is no change.
    const columns = changedColumns({ ...row, slug: before.destination.slug }, toDestinationRow(changed, sealed));
    if (Object.keys(columns).length === 0) return { kind: "updated", before, after: before };
    const after = { ...changed, updatedAtMs: nowMs };
    await tables
      .updateTable("destinations")
      .set({ ...columns, updated_at_ms: nowMs })
      .where("id", "=", row.id)
      .execute();
    tx.afterCommit(() => table.putDestination(after, sealed));
    const outgoing = openOutgoing(keyring, after, sealed.outgoing);
    return { kind: "updated", before, after: { destination: after, outgoing } };
  }, "routing");
