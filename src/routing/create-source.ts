import type { Kysely } from "kysely";

import { noSecrets, rotate } from "./_rotation.ts";
import { type RoutingTables, toSourceRow } from "./_rows.ts";
import { ownedSources } from "./_sources.ts";
import { isConfigurable, secretChangeOf, settleSource, type SourceDraft } from "./decide-source.ts";
import { sourcesMax } from "./limits.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";
import { newIngestSlug, slugTriesMax } from "./slug.ts";
import type { SealedSecrets, Source } from "./source.ts";
import { secretPlace } from "./table.ts";

/** A source that was made, or why none was. */
export type CreatedSource = { readonly kind: "created"; readonly source: Source } | { readonly kind: "limit_reached" };

/** Inserts a source unless its slug is taken. */
const insert = async (tables: Kysely<RoutingTables>, source: Source, sealed: SealedSecrets): Promise<boolean> => {
  const inserted = await tables
    .insertInto("sources")
    .values(toSourceRow(source, sealed))
    .onConflict((conflict) => conflict.column("ingest_slug").doNothing())
    .executeTakeFirstOrThrow();
  return inserted.numInsertedOrUpdatedRows === 1n;
};

/** Makes a source with a fresh slug, unless the environment has `sourcesMax` already. */
export const createSource = async (
  { store, table, keyring, clock, ids, random, catalog }: RoutingParts,
  scope: Scope,
  { signingSecret, ...settings }: SourceDraft,
): Promise<CreatedSource> => {
  const id = ids.next();
  const nowMs = clock.nowMs();
  const unnamed = {
    ...settleSource(settings, isConfigurable(catalog)),
    teamId: scope.teamId,
    envId: scope.envId,
    id,
    slug: id,
    signingSecretSet: signingSecret !== null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  const place = secretPlace("sources", id);
  const sealed = rotate(noSecrets, secretChangeOf({ signingSecret }), { keyring, place, nowMs });
  return store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const { count } = await ownedSources(tables, scope)
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    if (count >= sourcesMax) return { kind: "limit_reached" };
    for (let tries = 0; tries < slugTriesMax; tries += 1) {
      const source = { ...unnamed, ingestSlug: newIngestSlug(random) };
      if (!(await insert(tables, source, sealed))) continue;
      tx.afterCommit(() => table.putSource(source, sealed));
      return { kind: "created", source };
    }
    throw new Error(`${slugTriesMax} random slugs in a row were taken; the source of randomness is broken`);
  }, "routing");
};
