import type { RoutingTables } from "./_rows.ts";
import type { RoutingParts } from "./parts.ts";

/**
 * Removes rotated secrets that no longer count, from the store. They stopped counting by themselves; a copy of the store
 * need not hold them. Gives how many there were.
 */
export const expireSecrets = ({ store, clock }: Pick<RoutingParts, "store" | "clock">): Promise<number> =>
  store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const none = { previous_secret: null, previous_secret_until_ms: null };
    const nowMs = clock.nowMs();
    const results = [
      ...(await tables.updateTable("sources").set(none).where("previous_secret_until_ms", "<=", nowMs).execute()),
      ...(await tables.updateTable("destinations").set(none).where("previous_secret_until_ms", "<=", nowMs).execute()),
    ];
    return results.reduce((sum, { numUpdatedRows }) => sum + Number(numUpdatedRows), 0);
  });
