import { type Id, idToBytes } from "../lib/ids.ts";
import type { Keyring } from "../lib/sealing.ts";
import { changedColumns } from "./_changed-columns.ts";
import { openOrNull, rotate } from "./_rotation.ts";
import type { RoutingTables } from "./_rows.ts";
import { fromSourceRow, sealedSource, toSourceRow } from "./_source-row.ts";
import { countedSources, isSlugTaken } from "./_sources.ts";
import type { Change } from "./change.ts";
import type { CountedSource } from "./counted-source.ts";
import { changeSource, isConfigurable, secretChangeOf, type SourceChanges } from "./decide-source.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";
import type { SealedSource } from "./source.ts";
import { configPlace, secretPlace } from "./table.ts";

/** A source before and after a change, or why there was none. */
export type UpdatedSource =
  | ({ readonly kind: "updated" } & Change<CountedSource>)
  /** This team and environment own none of that id. */
  | { readonly kind: "not_found" }
  /** Another source of the environment has this slug. */
  | { readonly kind: "slug_taken" };

const resealed = (
  sealed: SealedSource,
  { sourceConfig, ...changes }: SourceChanges,
  { keyring, id, nowMs }: { keyring: Keyring; id: Id; nowMs: number },
): SealedSource => {
  const secrets = rotate(sealed, secretChangeOf(changes), { keyring, place: secretPlace("sources", id), nowMs });
  const place = configPlace(id);
  if (sourceConfig === undefined || openOrNull(keyring, sealed.config, place) === sourceConfig) {
    return { ...secrets, config: sealed.config };
  }
  return { ...secrets, config: sourceConfig === null ? null : keyring.seal(sourceConfig, place) };
};

/** Changes a source of this team and environment. */
export const updateSource = (
  { store, table, keyring, clock, catalog }: Pick<RoutingParts, "store" | "table" | "keyring" | "clock" | "catalog">,
  scope: Scope,
  id: Id,
  changes: SourceChanges,
): Promise<UpdatedSource> =>
  store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const found = await countedSources(tables, scope).where("sources.id", "=", idToBytes(id)).executeTakeFirst();
    if (found === undefined) return { kind: "not_found" };
    const { destinations_count, ...row } = found;
    const nowMs = clock.nowMs();
    const source = fromSourceRow(row);
    const before = { source, destinationsCount: destinations_count ?? 0 };
    if (
      changes.slug !== undefined &&
      changes.slug !== source.slug &&
      (await isSlugTaken(tables, scope, changes.slug))
    ) {
      return { kind: "slug_taken" };
    }

    const sealed = resealed(sealedSource(row), changes, { keyring, id, nowMs });
    const changed = {
      ...changeSource(source, changes, isConfigurable(catalog)),
      signingSecretSet: sealed.current !== null,
    };
    const columns = changedColumns(row, toSourceRow(changed, sealed));
    if (Object.keys(columns).length === 0) return { kind: "updated", before, after: before };

    const after = { ...changed, updatedAtMs: nowMs };
    await tables
      .updateTable("sources")
      .set({ ...columns, updated_at_ms: nowMs })
      .where("id", "=", row.id)
      .execute();
    tx.afterCommit(() => table.putSource(after, sealed));
    return { kind: "updated", before, after: { ...before, source: after } };
  }, "routing");
