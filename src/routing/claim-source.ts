import type { Tx } from "../db/store.ts";
import { type Id, idToBytes } from "../lib/ids.ts";
import { changedColumns } from "./_changed-columns.ts";
import type { RoutingTables } from "./_rows.ts";
import { fromSourceRow, sealedSource, toSourceRow } from "./_source-row.ts";
import { type CreatedSource, fullOf, type SourceLimits } from "./create-source.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";
import { claimedSettings } from "./session.ts";
import type { Source } from "./source.ts";

/** A session that is somebody's source now, or why it is not. */
export type ClaimedSource =
  | { readonly kind: "claimed"; readonly source: Source }
  /** It was deleted, or claimed, meanwhile. */
  | { readonly kind: "not_found" }
  | Extract<CreatedSource, { kind: "limit_reached" }>;

/** Whose a session becomes, and what else goes with it in the same transaction. */
export type Claim = {
  readonly sourceId: Id;
  readonly place: Scope;
  readonly limits: SourceLimits;
  readonly alsoMove: (tx: Tx, sourceId: Id, place: Scope) => Promise<void>;
};

/** Gives a session to a team and environment, and makes it an ordinary source, for good. Its URL stays. */
export const claimSource = (
  { store, table, clock }: Pick<RoutingParts, "store" | "table" | "clock">,
  { sourceId, place, limits, alsoMove }: Claim,
): Promise<ClaimedSource> =>
  store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const row = await tables
      .selectFrom("sources")
      .selectAll()
      .where("id", "=", idToBytes(sourceId))
      .where("session_token_hash", "is not", null)
      .where("deleted_at_ms", "is", null)
      .executeTakeFirst();
    if (row === undefined) return { kind: "not_found" };
    const of = await fullOf(tables, place, limits);
    if (of !== null) return { kind: "limit_reached", of };
    const source = { ...fromSourceRow(row), ...place, ...claimedSettings, updatedAtMs: clock.nowMs() };
    const sealed = sealedSource(row);
    await tables
      .updateTable("sources")
      .set(changedColumns(row, toSourceRow(source, sealed)))
      .where("id", "=", row.id)
      .execute();
    await alsoMove(tx, sourceId, place);
    tx.afterCommit(() => table.putSource(source, sealed));
    return { kind: "claimed", source };
  }, "routing");
