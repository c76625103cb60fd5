import { expect, test } from "vitest";

import { createDestination } from "../../src/routing/create-destination.ts";
import { createSource } from "../../src/routing/create-source.ts";
import { deleteDestination } from "../../src/routing/delete-destination.ts";
import { deleteSource } from "../../src/routing/delete-source.ts";
import { destinationsMax, environmentDestinationsMax, sourcesMax } from "../../src/routing/limits.ts";
import type { RoutingParts } from "../../src/routing/parts.ts";
import { listSources } from "../../src/routing/read-sources.ts";
import { destinationDraft, scope, sourceDraft, startRouting } from "../support/routing.ts";
import { execute } from "../support/store.ts";

const makeSource = async (parts: RoutingParts) => {
  const created = await createSource(parts, scope, sourceDraft());
  if (created.kind !== "created") throw new Error(created.kind);
  return created.source;
};

const makeDestination = async (parts: RoutingParts, sourceId: string) => {
  const created = await createDestination(parts, scope, { sourceId }, destinationDraft());
  if (created.kind !== "created") throw new Error(created.kind);
  return created.destination;
};

const rows = (count: number): string =>
  `(with recursive n(value) as (select 1 union all select value + 1 from n where value < ${count}) select value from n) as numbers`;

test(`an environment has at most ${sourcesMax} sources, and lists them all`, async () => {
  const parts = await startRouting();
  const { id } = await makeSource(parts);
  await parts.store.write((tx) =>
    execute(
      tx,
      `insert into sources (id, team_id, env_id, kind, dialect, name, ingest_slug, slug, provider, require_signature,
       retention_days, created_at_ms, updated_at_ms)
       select randomblob(16), team_id, env_id, kind, dialect, name, 'wh_' || value, 's' || value, provider, 1, 30, 0, 0
       from sources, ${rows(sourcesMax - 1)}`,
    ),
  );
  expect(await createSource(parts, scope, sourceDraft())).toEqual({ kind: "limit_reached", of: "environment" });
  expect(await listSources(parts, scope)).toHaveLength(sourcesMax);
  const elsewhere = { ...scope, envId: "019dc7f1-0000-7000-8000-000000000009" };
  expect((await createSource(parts, elsewhere, sourceDraft())).kind).toBe("created");
  await deleteSource(parts, scope, id);
  expect((await createSource(parts, scope, sourceDraft())).kind).toBe("created");
});

test(`a source has at most ${destinationsMax} destinations`, async () => {
  const parts = await startRouting();
  const source = await makeSource(parts);
  const { id } = await makeDestination(parts, source.id);
  await parts.store.write((tx) =>
    execute(
      tx,
      `insert into connections (id, team_id, env_id, source_id, destination_id, created_at_ms, updated_at_ms)
       select randomblob(16), team_id, env_id, source_id, destination_id, 0, 0
       from connections, ${rows(destinationsMax - 1)}`,
    ),
  );
  expect(await createDestination(parts, scope, { sourceId: source.id }, destinationDraft())).toEqual({
    kind: "limit_reached",
    of: "source",
  });
  await deleteDestination(parts, scope, { sourceId: source.id, destinationId: id });
  expect((await createDestination(parts, scope, { sourceId: source.id }, destinationDraft())).kind).toBe("created");
});

test(`an environment has at most ${environmentDestinationsMax} destinations, whatever leads to them`, async () => {
  const parts = await startRouting();
  const [source, other] = [await makeSource(parts), await makeSource(parts)];
  const { id } = await makeDestination(parts, source.id);
  await parts.store.write((tx) =>
    execute(
      tx,
      `insert into destinations (id, team_id, env_id, kind, dialect, owner_source_id, url, enabled, enabling, failure_count, max_concurrency, ordered,
       timeout_ms, payload_format, forward_headers, resign, created_at_ms, updated_at_ms)
       select randomblob(16), team_id, env_id, kind, dialect, owner_source_id, url, 1, 0, 0, 16, 0, 15000, 'raw', '[]', 1, 0, 0
       from destinations, ${rows(environmentDestinationsMax - 1)}`,
    ),
  );
  const make = () => createDestination(parts, scope, { sourceId: other.id }, destinationDraft());
  expect(await make()).toEqual({ kind: "limit_reached", of: "environment" });
  await deleteDestination(parts, scope, { sourceId: source.id, destinationId: id });
  expect((await make()).kind).toBe("created");
});
