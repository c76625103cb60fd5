import { describe, expect, test } from "vitest";

import type { Draft } from "../../src/db/group-commit.ts";
import { createSystemRandom } from "../../src/lib/random.ts";
import { type Keyring, newSealingKey } from "../../src/lib/sealing.ts";
import { createDestination } from "../../src/routing/create-destination.ts";
import { createSource } from "../../src/routing/create-source.ts";
import { deleteDestination } from "../../src/routing/delete-destination.ts";
import { deleteSource } from "../../src/routing/delete-source.ts";
import { closedCircuit } from "../../src/routing/destination.ts";
import { expireSecrets } from "../../src/routing/expire-secrets.ts";
import { type DestinationHealth, healthOperation } from "../../src/routing/health.ts";
import { keepRouting } from "../../src/routing/load.ts";
import type { RoutingParts } from "../../src/routing/parts.ts";
import { purge } from "../../src/routing/purge.ts";
import { getDestination, listDestinations } from "../../src/routing/read-destinations.ts";
import { getSource, listSources } from "../../src/routing/read-sources.ts";
import { resealDestinations, resealSources } from "../../src/routing/reseal.ts";
import { RoutingTable } from "../../src/routing/table.ts";
import { updateDestination } from "../../src/routing/update-destination.ts";
import { updateSource } from "../../src/routing/update-source.ts";
import { destinationDraft, scope, sourceDraft, startRouting } from "../support/routing.ts";
import { execute, freshStore, select } from "../support/store.ts";

const makeSource = async (parts: RoutingParts, draft = sourceDraft()) => {
  const created = await createSource(parts, scope, draft);
  if (created.kind !== "created") throw new Error(created.kind);
  return created.source;
};

const makeDestination = async (parts: RoutingParts, sourceId: string, draft = destinationDraft()) => {
  const created = await createDestination(parts, scope, { sourceId }, draft);
  if (created.kind !== "created") throw new Error(created.kind);
  return created.destination;
};

/** Everything that a table says, secrets opened. */
const contentsOf = (table: RoutingTable, nowMs: number) => ({
  sources: [...table.sources()].map(({ source, secretsAt }) => ({
    source,
    secrets: secretsAt(nowMs),
    bySlug: table.sourceBySlug(source.ingestSlug)?.source.id,
    connections: [...table.connectionsOf(source.id)],
  })),
  destinations: [...table.destinations()].map(({ destination, secretsAt }) => ({
    destination,
    secrets: secretsAt(nowMs),
  })),
});

describe("what is in memory", () => {
  test("is what the next start reads from the store", async () => {
    const parts = await startRouting();
    const { store, table, keyring, catalog, clock } = parts;
    const sources = [];
    for (const name of ["a", "b", "c"]) {
      sources.push(await makeSource(parts, sourceDraft({ name, signingSecret: name })));
    }
    const [a, b, c] = sources.map(({ id }) => id) as [string, string, string];
    const kept = await makeDestination(
      parts,
      a,
      destinationDraft({ eventFilter: ["x.*"], retryScheduleSeconds: [1, 2] }),
    );
    const off = await makeDestination(parts, a, destinationDraft({ enabled: false, forwardHeaders: ["x-a"] }));
    const gone = await makeDestination(parts, b);
    await makeDestination(parts, c);
    await updateSource(parts, scope, a, { signingSecret: "new", retentionDays: 3 });
    await updateDestination(
      parts,
      scope,
      { sourceId: a, destinationId: kept.id },
      { secret: "new", eventFilter: null },
    );
    await updateDestination(parts, scope, { sourceId: a, destinationId: off.id }, { enabled: true, ordered: true });
    await deleteDestination(parts, scope, { sourceId: b, destinationId: gone.id });
    await deleteSource(parts, scope, c);

    const loaded = new RoutingTable({ keyring, catalog });
    await keepRouting(store, loaded);
    expect(contentsOf(loaded, clock.nowMs())).toEqual(contentsOf(table, clock.nowMs()));
    expect(contentsOf(loaded, clock.nowMs()).sources.map(({ source }) => source.name)).toEqual(["a", "b"]);
    expect([...loaded.destinations()]).toHaveLength(2);
  });

  test("is loaded whole, however much there is", async () => {
    const parts = await startRouting();
    const { id } = await makeSource(parts);
    await parts.store.write((tx) =>
      execute(
        tx,
        `insert into sources (id, team_id, env_id, kind, dialect, name, ingest_slug, slug, provider, require_signature,
         retention_days, created_at_ms, updated_at_ms)
         select randomblob(16), team_id, env_id, kind, dialect, name, 'wh_' || value, 's' || value, provider, 1, 30, 0, 0
         from sources, (with recursive n(value) as (select 1 union all select value + 1 from n where value < 2500)
         select value from n) as numbers where name = 'x'`,
      ),
    );
    const loaded = new RoutingTable(parts);
    await keepRouting(parts.store, loaded);
    expect([...loaded.sources()]).toHaveLength(2501);
    expect(loaded.source(id)).toBeDefined();
  });

  test("does not change when a transaction fails", async () => {
    const parts = await startRouting();
    const { id } = await makeSource(parts, sourceDraft({ name: "before" }));
    const failing = { ...parts, table: new RoutingTable(parts) };
    const store: RoutingParts["store"] = {
      ...parts.store,
      write: (work) =>
        parts.store.write(async (tx) => {
          await work(tx);
          throw new Error("cut off");
        }),
    };
    await expect(updateSource({ ...failing, store }, scope, id, { name: "after" })).rejects.toThrow("cut off");
    await expect(createSource({ ...failing, store }, scope, sourceDraft())).rejects.toThrow("cut off");
    expect([...failing.table.sources()]).toEqual([]);
    expect((await getSource(parts, scope, id))?.source.name).toBe("before");
  });
});

describe("slugs", () => {
  test("that are taken are drawn again", async () => {
    const system = createSystemRandom();
    const draws = [1, 1, 1, 2].map((byte) => Buffer.alloc(6, byte));
    const random = { ...system, bytes: (count: number) => (count === 6 ? draws.shift()! : system.bytes(count)) };
    const parts = await startRouting({ random });
    expect((await makeSource(parts)).ingestSlug).toBe("wh_AQEBAQEB");
    expect((await makeSource(parts)).ingestSlug).toBe("wh_AgICAgIC");
    expect(draws).toEqual([]);
  });

  test("that are always taken end in an error, and nothing is made", async () => {
    const system = createSystemRandom();
    const random = { ...system, bytes: (count: number) => (count === 6 ? Buffer.alloc(6) : system.bytes(count)) };
    const parts = await startRouting({ random });
    await makeSource(parts);
    await expect(createSource(parts, scope, sourceDraft())).rejects.toThrow("were taken");
    expect(await listSources(parts, scope)).toHaveLength(1);
  });
});

test("nothing is made at a source that is gone", async () => {
  const parts = await startRouting();
  const source = await makeSource(parts);
  await deleteSource(parts, scope, source.id);
  expect(await createDestination(parts, scope, { sourceId: source.id }, destinationDraft())).toEqual({
    kind: "source_gone",
  });
});

describe("internal sources", () => {
  test.for(["push", "operator"] as const)("of kind %s are in no list, and found by nobody", async (kind) => {
    const parts = await startRouting();
    const { id } = await makeSource(parts, sourceDraft({ kind }));
    expect(await listSources(parts, scope)).toEqual([]);
    expect(await getSource(parts, scope, id)).toBeNull();
    expect(await updateSource(parts, scope, id, { name: "y" })).toEqual({ kind: "not_found" });
    expect(await deleteSource(parts, scope, id)).toBeNull();
    expect(await createDestination(parts, scope, { sourceId: id }, destinationDraft())).toEqual({
      kind: "source_gone",
    });
  });
});

describe("a destination that other sources may use", () => {
  test("loses only its connection", async () => {
    const parts = await startRouting();
    const source = await makeSource(parts);
    const { id } = await makeDestination(parts, source.id);
    await parts.store.write((tx) => execute(tx, "update destinations set owner_source_id = null"));
    const key = { sourceId: source.id, destinationId: id };
    expect(await deleteDestination(parts, scope, key)).toMatchObject({ gone: "connection" });
    expect(await getDestination(parts, scope, key)).toBeNull();
    expect(parts.table.destination(id)).toBeDefined();
    expect([...parts.table.connectionsOf(source.id)]).toEqual([]);
  });
});

describe("health", () => {
  test("is written in a group commit, the newest of each destination", async () => {
    const parts = await startRouting();
    const source = await makeSource(parts);
    const ids = [await makeDestination(parts, source.id), await makeDestination(parts, source.id)].map(({ id }) => id);
    const [first, second] = ids as [string, string];
    const record = parts.store.line<DestinationHealth, string>({
      name: "health",
      itemsMax: 10,
      draft: (rows): Draft<string> => ({
        operations: [healthOperation(rows, 77)],
        committed: () => rows.map(({ id }) => id),
      }),
    });
    const on = { ...closedCircuit, enabled: true, disabledReason: null, enabling: 0 } as const;
    await Promise.all([
      record({ id: second, ...on, failureCount: 1 }),
      record({ id: first, ...on, failureCount: 9 }),
      record({ id: first, ...on, enabled: false, disabledReason: "failures", enabling: 1, failureCount: 10 }),
    ]);
    const listed = await listDestinations(parts, scope, source.id);
    expect(listed.map(({ destination }) => destination)).toMatchObject([
      { id: second, enabled: true, failureCount: 1, disabledReason: null, enabling: 0, updatedAtMs: 77 },
      { id: first, enabled: false, failureCount: 10, disabledReason: "failures", enabling: 1, updatedAtMs: 77 },
    ]);
  });

  test("stays when people change something else", async () => {
    const parts = await startRouting();
    const source = await makeSource(parts);
    const { id } = await makeDestination(parts, source.id);
    await parts.store.write((tx) => execute(tx, "update destinations set failure_count = 5"));
    const key = { sourceId: source.id, destinationId: id };
    const changed = await updateDestination(parts, scope, key, { ordered: true });
    expect(changed?.after.destination).toMatchObject({ failureCount: 5, ordered: true });
    expect(parts.table.destination(id)?.destination.failureCount).toBe(5);
  });
});

describe("sealing again", () => {
  const placesOf = (keyring: Keyring, rows: readonly { bytes: Uint8Array | null }[]): string[] =>
    rows.flatMap(({ bytes }) => (bytes === null ? [] : [keyring.keyIdOf(bytes)]));

  const allSealed = (store: Parameters<typeof select>[0]) =>
    select<{ bytes: Uint8Array | null }>(
      store,
      `select signing_secret as bytes from sources union all select previous_secret from sources
       union all select secret from destinations union all select previous_secret from destinations`,
    );

  test("moves every secret to the sealing key, and changes none", async () => {
    const random = createSystemRandom();
    const [oldKey, newKey] = [newSealingKey(random), newSealingKey(random)];
    const old = await startRouting({ keys: [oldKey] });
    const source = await makeSource(old, sourceDraft({ signingSecret: "s1" }));
    await updateSource(old, scope, source.id, { signingSecret: "s2" });
    const destination = await makeDestination(old, source.id, destinationDraft({ secret: "d1" }));
    await updateDestination(old, scope, { sourceId: source.id, destinationId: destination.id }, { secret: "d2" });
    await makeSource(old);

    const both = await startRouting({ store: old.store, keys: [newKey, oldKey] });
    expect(await resealSources(both, null)).toEqual({ resealed: 2, unreadable: 0, next: null });
    expect(await resealDestinations(both, null)).toEqual({ resealed: 2, unreadable: 0, next: null });
    expect(await resealSources(both, null)).toEqual({ resealed: 0, unreadable: 0, next: null });
    expect(placesOf(both.keyring, await allSealed(old.store))).toEqual(Array.from({ length: 4 }, () => newKey.id));

    const fresh = await startRouting({ store: old.store, keys: [newKey] });
    await keepRouting(fresh.store, fresh.table);
    const nowMs = fresh.clock.nowMs();
    expect(fresh.table.source(source.id)?.secretsAt(nowMs)).toEqual({ kind: "opened", secrets: ["s2", "s1"] });
    expect(fresh.table.destination(destination.id)?.secretsAt(nowMs)).toEqual({
      kind: "opened",
      secrets: ["d2", "d1"],
    });
  });

  test("goes on in batches, and leaves what no key opens as it is", async () => {
    const random = createSystemRandom();
    const [oldKey, newKey] = [newSealingKey(random), newSealingKey(random)];
    const old = await startRouting({ keys: [oldKey] });
    for (let made = 0; made < 201; made += 1) await makeSource(old, sourceDraft({ signingSecret: "s" }));
    const stranger = await startRouting({ store: old.store, keys: [newKey] });
    expect(await resealSources(stranger, null)).toMatchObject({
      resealed: 0,
      unreadable: 200,
      next: expect.any(String),
    });
    const both = await startRouting({ store: old.store, keys: [newKey, oldKey] });
    const first = await resealSources(both, null);
    expect(first).toMatchObject({ resealed: 200, unreadable: 0, next: expect.any(String) });
    expect(await resealSources(both, first.next)).toEqual({ resealed: 1, unreadable: 0, next: null });
  });
});

describe("rotated secrets that no longer count", () => {
  test("leave the store, and only they", async () => {
    let nowMs = 1_000_000;
    const parts = await startRouting({ clock: { nowMs: () => nowMs } });
    const source = await makeSource(parts, sourceDraft({ signingSecret: "s1" }));
    await updateSource(parts, scope, source.id, { signingSecret: "s2" });
    const { id } = await makeDestination(parts, source.id);
    nowMs += 1;
    await updateDestination(parts, scope, { sourceId: source.id, destinationId: id }, { secret: "d2" });
    nowMs += 24 * 60 * 60 * 1000 - 2;
    expect(await expireSecrets(parts)).toBe(0);
    nowMs += 1;
    expect(await expireSecrets(parts)).toBe(1);
    nowMs += 1;
    expect(await expireSecrets(parts)).toBe(1);
    expect(await expireSecrets(parts)).toBe(0);
    const left = await select(
      parts.store,
      "select previous_secret, previous_secret_until_ms from sources union all select previous_secret, previous_secret_until_ms from destinations",
    );
    expect(left).toEqual([
      { previous_secret: null, previous_secret_until_ms: null },
      { previous_secret: null, previous_secret_until_ms: null },
    ]);
    expect(parts.table.source(source.id)?.secretsAt(nowMs)).toEqual({ kind: "opened", secrets: ["s2"] });
  });
});

describe("deleted objects", () => {
  const countsOf = async (store: Parameters<typeof select>[0]) => {
    const [counts] = await select<Record<string, number>>(
      store,
      `select (select count(*) from sources) as sources, (select count(*) from destinations) as destinations,
       (select count(*) from connections) as connections`,
    );
    return counts;
  };

  test("keep no secret", async () => {
    const parts = await startRouting();
    const source = await makeSource(parts, sourceDraft({ signingSecret: "s1" }));
    await makeDestination(parts, source.id);
    await deleteSource(parts, scope, source.id);
    expect(
      await select(parts.store, "select signing_secret as s from sources union all select secret from destinations"),
    ).toEqual([{ s: null }, { s: null }]);
  });

  test("go for good once nothing is left of them elsewhere", async () => {
    const parts = await startRouting({ store: await freshStore() });
    const [kept, gone] = [await makeSource(parts), await makeSource(parts)];
    await makeDestination(parts, kept.id);
    const single = await makeDestination(parts, kept.id);
    const owned = await makeDestination(parts, gone.id);
    await deleteDestination(parts, scope, { sourceId: kept.id, destinationId: single.id });
    await deleteSource(parts, scope, gone.id);
    expect(await countsOf(parts.store)).toEqual({ sources: 2, destinations: 3, connections: 3 });

    const asked: string[] = [];
    const busy = {
      ofSource: async (id: string) => (asked.push(id), true),
      ofDestination: async (id: string) => (asked.push(id), id === owned.id),
    };
    expect(await purge(parts, busy)).toEqual({ sources: 0, destinations: 1, connections: 2 });
    expect(asked.toSorted()).toEqual([gone.id, single.id, owned.id].toSorted());
    const idle = { ofSource: async () => false, ofDestination: async () => false };
    expect(await purge(parts, idle)).toEqual({ sources: 1, destinations: 1, connections: 0 });
    expect(await purge(parts, idle)).toEqual({ sources: 0, destinations: 0, connections: 0 });
    expect(await countsOf(parts.store)).toEqual({ sources: 1, destinations: 1, connections: 1 });
  });
});
