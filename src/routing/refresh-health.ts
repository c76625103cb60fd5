import type { Store } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { RoutingTables } from "./_rows.ts";
import type { DestinationHealth } from "./health.ts";
import type { RoutingTable } from "./table.ts";

/** Destinations that one read brings: all other writes wait. */
const readMax = 1_000;

/**
 * Makes what memory knows of the health of these destinations what the store holds. Whoever sends to a destination tells the
 * others when it goes off or is left alone, and not of each failure: who sends from now on asks, once the one before has
 * written its last. The writer is held, so nothing older takes the place of what is read.
 */
export const refreshHealth = async (
  {
    store,
    table,
  }: { readonly store: Pick<Store, "write" | "cluster">; readonly table: Pick<RoutingTable, "patchDestination"> },
  ids: readonly Id[],
): Promise<void> => {
  // Nobody else writes to an embedded store.
  if (store.cluster === null) return;
  for (let at = 0; at < ids.length; at += readMax) {
    const some = ids.slice(at, at + readMax).map(idToBytes);
    await store.write(async (tx) => {
      const rows = await tx
        .tables<RoutingTables>()
        .selectFrom("destinations")
        .select([
          "id",
          "enabled",
          "enabling",
          "failure_count",
          "disabled_reason",
          "circuit_failures",
          "circuit_opened_at_ms",
        ])
        .where("id", "in", some)
        .execute();
      const known = rows.map((row): DestinationHealth => ({
        id: idFromBytes(row.id),
        enabled: row.enabled === 1,
        enabling: row.enabling,
        failureCount: row.failure_count,
        disabledReason: row.disabled_reason,
        circuitFailures: row.circuit_failures,
        circuitOpenedAtMs: row.circuit_opened_at_ms,
      }));
      tx.afterCommit(() => {
        for (const { id, ...health } of known) table.patchDestination(id, health);
      });
    });
  }
};
