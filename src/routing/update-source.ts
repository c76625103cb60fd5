import { type Id, idToBytes } from "../lib/ids.ts";
import { changedColumns } from "./_changed-columns.ts";
import { rotate } from "./_rotation.ts";
import { fromSourceRow, type RoutingTables, sourceSecrets, toSourceRow } from "./_rows.ts";
import { countedSources } from "./_sources.ts";
import type { Change } from "./change.ts";
import type { CountedSource } from "./counted-source.ts";
import { changeSource, isConfigurable, secretChangeOf, type SourceChanges } from "./decide-source.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";
import { secretPlace } from "./table.ts";

/** Changes a source; null when this team and environment own none of that id. */
export const updateSource = (
  { store, table, keyring, clock, catalog }: Pick<RoutingParts, "store" | "table" | "keyring" | "clock" | "catalog">,
  scope: Scope,
  id: Id,
  changes: SourceChanges,
): Promise<Change<CountedSource> | null> =>
  store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const found = await countedSources(tables, scope).where("sources.id", "=", idToBytes(id)).executeTakeFirst();
    if (found === undefined) return null;
    const { destinations_count, ...row } = found;
    const nowMs = clock.nowMs();
    const source = fromSourceRow(row);
    const before = { source, destinationsCount: destinations_count ?? 0 };

    const place = secretPlace("sources", id);
    const sealed = rotate(sourceSecrets(row), secretChangeOf(changes), { keyring, place, nowMs });
    const changed = {
      ...changeSource(source, changes, isConfigurable(catalog)),
      signingSecretSet: sealed.current !== null,
    };
    const columns = changedColumns(row, toSourceRow(changed, sealed));
    if (Object.keys(columns).length === 0) return { before, after: before };

    const after = { ...changed, updatedAtMs: nowMs };
    await tables
      .updateTable("sources")
      .set({ ...columns, updated_at_ms: nowMs })
      .where("id", "=", row.id)
      .execute();
    tx.afterCommit(() => table.putSource(after, sealed));
    return { before, after: { ...before, source: after } };
  }, "routing");
