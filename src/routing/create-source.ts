import type { Kysely } from "kysely";

import { idToBytes } from "../lib/ids.ts";
import { noSecrets, rotate } from "./_rotation.ts";
import type { RoutingTables } from "./_rows.ts";
import { toSourceRow } from "./_source-row.ts";
import { isSlugTaken, ownedSources } from "./_sources.ts";
import { isConfigurable, secretChangeOf, settleSource, type SourceDraft } from "./decide-source.ts";
import { sourcesMax } from "./limits.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";
import { newIngestSlug, slugTriesMax } from "./slug.ts";
import type { SealedSource, Source } from "./source.ts";
import { configPlace, secretPlace } from "./table.ts";

/** A source that was made, or why none was. */
export type CreatedSource =
  | { readonly kind: "created"; readonly source: Source }
  /** The environment has `sourcesMax`, or the team as many as it may have. */
  | { readonly kind: "limit_reached"; readonly of: "environment" | "team" }
  /** Another source of the environment has this slug. */
  | { readonly kind: "slug_taken" };

/** What a team may have. */
export type SourceLimits = {
  /** Sources in all of its environments. Null: no limit of its own. */
  readonly teamSourcesMax: number | null;
};

const noLimits: SourceLimits = { teamSourcesMax: null };

/** Inserts a source unless its ingest slug is taken. */
const insert = async (tables: Kysely<RoutingTables>, source: Source, sealed: SealedSource): Promise<boolean> => {
  const inserted = await tables
    .insertInto("sources")
    .values(toSourceRow(source, sealed))
    .onConflict((conflict) => conflict.column("ingest_slug").doNothing())
    .executeTakeFirstOrThrow();
  return inserted.numInsertedOrUpdatedRows === 1n;
};

/** What is full, if anything is: there are as many sources as there may be. */
export const fullOf = async (
  tables: Kysely<RoutingTables>,
  scope: Scope,
  { teamSourcesMax }: SourceLimits,
): Promise<"environment" | "team" | null> => {
  const { count } = await ownedSources(tables, scope)
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  if (count >= sourcesMax) return "environment";
  if (teamSourcesMax === null) return null;
  const ofTeam = await tables
    .selectFrom("sources")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("team_id", "=", idToBytes(scope.teamId))
    .where("kind", "=", "webhook")
    .where("deleted_at_ms", "is", null)
    .executeTakeFirstOrThrow();
  return ofTeam.count >= teamSourcesMax ? "team" : null;
};

/** Makes a source with a fresh ingest slug, unless there are as many as there may be or its own slug is taken. */
export const createSource = async (
  { store, table, keyring, clock, ids, random, catalog }: RoutingParts,
  scope: Scope,
  { signingSecret, sourceConfig = null, slug, ...settings }: SourceDraft,
  limits: SourceLimits = noLimits,
): Promise<CreatedSource> => {
  const id = ids.next();
  const nowMs = clock.nowMs();
  const unnamed = {
    ...settleSource(settings, isConfigurable(catalog)),
    teamId: scope.teamId,
    envId: scope.envId,
    id,
    slug: slug ?? id,
    signingSecretSet: signingSecret !== null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  return store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const of = await fullOf(tables, scope, limits);
    if (of !== null) return { kind: "limit_reached", of };
    if (await isSlugTaken(tables, scope, unnamed.slug)) return { kind: "slug_taken" };
    const secrets = rotate(noSecrets, secretChangeOf({ signingSecret }), {
      keyring,
      place: secretPlace("sources", id),
      nowMs,
    });
    const config = sourceConfig === null ? null : keyring.seal(sourceConfig, configPlace(id));
    const sealed = { ...secrets, config };
    for (let tries = 0; tries < slugTriesMax; tries += 1) {
      const source = { ...unnamed, ingestSlug: newIngestSlug(random) };
      if (!(await insert(tables, source, sealed))) continue;
      tx.afterCommit(() => table.putSource(source, sealed));
      return { kind: "created", source };
    }
    throw new Error(`${slugTriesMax} random slugs in a row were taken; the source of randomness is broken`);
  }, "routing");
};
