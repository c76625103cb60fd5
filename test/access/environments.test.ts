import { describe, expect, test } from "vitest";

import { type AccessParts, openAccess } from "../../src/access/access.ts";
import type { Store } from "../../src/db/store.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createIds, idToBytes } from "../../src/lib/ids.ts";
import { createSystemRandom } from "../../src/lib/random.ts";
import { execute, freshStore } from "../support/store.ts";

const random = createSystemRandom();
const ids = createIds(systemClock, random);

/** The room on a real store, and the default team. */
const open = async (over: Partial<AccessParts> & { store?: Store } = {}) => {
  const store = over.store ?? (await freshStore());
  const observer = { faulted() {} };
  const parts = { store, clock: systemClock, ids, random, observer, isInUse: async () => false, ...over };
  const access = await openAccess(parts);
  const maker = { kind: "operator", team: null, env: null } as const;
  const made = await access.createKey({ name: "first", scopes: ["*"], expiresAtMs: null, maker });
  if (made.kind !== "created") throw new Error(made.message);
  return { access, store, key: made.key, teamId: made.apiKey.teamId, envId: made.apiKey.envId };
};

const staging = { name: "Staging", slug: "staging" };

test("a team has a default environment, and those that are made beside it, oldest first", async () => {
  const { access, teamId, envId } = await open();
  const made = await access.createEnvironment(teamId, staging);
  expect(made).toMatchObject({ kind: "done", environment: { ...staging, teamId, isDefault: false } });
  const all = await access.listEnvironments(teamId);
  expect(all.map(({ slug, isDefault }) => [slug, isDefault])).toEqual([
    ["production", true],
    ["staging", false],
  ]);
  expect(await access.findEnvironment(teamId, null)).toEqual(all[0]);
  expect(await access.findEnvironment(teamId, envId)).toEqual(all[0]);
  expect(await access.findEnvironment(teamId, ids.next())).toBeNull();
  expect(await access.findEnvironment(ids.next(), envId)).toBeNull();
});

test("names and slugs are each had once in a team", async () => {
  const { access, teamId } = await open();
  await access.createEnvironment(teamId, staging);
  const sameName = await access.createEnvironment(teamId, { name: "Staging", slug: "other" });
  expect(sameName).toEqual({ kind: "taken", field: "name" });
  const both = await Promise.all([1, 2].map(() => access.createEnvironment(teamId, { name: "QA", slug: "qa" })));
  expect(both.map(({ kind }) => kind).toSorted()).toEqual(["done", "taken"]);
  const sameSlug = await access.createEnvironment(teamId, { name: "Other", slug: "staging" });
  expect(sameSlug).toEqual({ kind: "taken", field: "slug" });
});

test.for([
  ["name", { name: "" }],
  ["name", { name: "x".repeat(101) }],
  ["slug", { slug: "" }],
  ["slug", { slug: "Has Capitals" }],
  ["slug", { slug: "x".repeat(61) }],
] as const)("a %s that is none is refused: %j", async ([field, change]) => {
  const { access, teamId, envId } = await open();
  expect(await access.createEnvironment(teamId, { ...staging, ...change })).toMatchObject({ kind: "invalid", field });
  expect(await access.renameEnvironment({ teamId, envId }, change)).toMatchObject({ kind: "invalid", field });
});

test("one is renamed as a whole or in part, within its own team", async () => {
  const { access, teamId, envId } = await open();
  await access.createEnvironment(teamId, staging);
  const renamed = await access.renameEnvironment({ teamId, envId }, { name: "Live" });
  expect(renamed).toMatchObject({ kind: "done", environment: { name: "Live", slug: "production" } });
  expect(await access.findEnvironment(teamId, envId)).toMatchObject({ name: "Live", slug: "production" });
  expect(await access.renameEnvironment({ teamId, envId }, { slug: "staging" })).toEqual({
    kind: "taken",
    field: "slug",
  });
  expect(await access.renameEnvironment({ teamId, envId }, { slug: "production" })).toMatchObject({ kind: "done" });
  expect(await access.renameEnvironment({ teamId: ids.next(), envId }, { name: "Stolen" })).toEqual({
    kind: "not_found",
  });
});

describe("deleting an environment", () => {
  test("revokes its keys at once, and no others", async () => {
    const { access, teamId, key } = await open();
    const made = await access.createEnvironment(teamId, staging);
    const envId = made.kind === "done" ? made.environment.id : "";
    const principal = { teamId, envId, scopes: ["*"], expiresAtMs: null } as const;
    const own = await access.createKey({
      name: "own",
      scopes: ["*"],
      expiresAtMs: null,
      form: "hs_test",
      maker: { kind: "principal", principal },
    });
    const ownKey = own.kind === "created" ? own.key : "";
    expect(ownKey).toMatch(/^hs_test_[0-9a-f]{64}$/);
    expect((await access.authenticateKey(ownKey, systemClock.nowMs())).kind).toBe("granted");
    expect(await access.deleteEnvironment({ teamId, envId })).toEqual({ kind: "deleted" });
    expect((await access.authenticateKey(ownKey, systemClock.nowMs())).kind).toBe("refused");
    expect((await access.authenticateKey(key, systemClock.nowMs())).kind).toBe("granted");
    expect(await access.findEnvironment(teamId, envId)).toBeNull();
    expect((await access.listKeys(null)).keys.map(({ name }) => name)).toEqual(["own", "first"]);
    const late = await access.createKey({
      name: "late",
      scopes: ["*"],
      expiresAtMs: null,
      maker: { kind: "principal", principal },
    });
    expect(late).toMatchObject({ kind: "invalid", field: "env" });
  });

  test("is refused for the default one, for one in use, and for another team's", async () => {
    const { access, teamId, envId } = await open({ isInUse: async () => true });
    const made = await access.createEnvironment(teamId, staging);
    const other = made.kind === "done" ? made.environment.id : "";
    expect(await access.deleteEnvironment({ teamId, envId })).toEqual({ kind: "default" });
    expect(await access.deleteEnvironment({ teamId, envId: other })).toEqual({ kind: "in_use" });
    expect(await access.deleteEnvironment({ teamId: ids.next(), envId: other })).toEqual({ kind: "not_found" });
  });
});

test("environments that the operator names, and those from before there were slugs, have slugs of their names", async () => {
  const { access, store, teamId } = await open();
  for (const env of ["Über Straße", "uber stra e", "…"]) {
    const maker = { kind: "operator", team: null, env } as const;
    await access.createKey({ name: "one", scopes: ["*"], expiresAtMs: null, maker });
  }
  const slugs = async () => (await access.listEnvironments(teamId)).map(({ slug }) => slug);
  expect(await slugs()).toEqual(["production", "uber-stra-e", "uber-stra-e-2", "environment"]);
  await store.write((tx) => execute(tx, "update environments set slug = null"));
  expect(await slugs()).toEqual(["production", "uber-stra-e", "uber-stra-e", "environment"]);
});

test("a team has no limits until there are some, and at most a hundred environments", async () => {
  const { access, store, teamId } = await open();
  const none = { maxSources: null, maxDestinations: null, eventsPerMonth: null };
  expect(await access.limitsOf(teamId)).toEqual(none);
  expect(await access.setTeamLimits("default", { maxSources: 0 })).toEqual({ ...none, maxSources: 0 });
  expect(await access.limitsOf(teamId)).toEqual({ ...none, maxSources: 0 });
  expect(await access.setTeamLimits("nobody's", { maxSources: 1 })).toBeNull();
  expect(await access.limitsOf(ids.next())).toEqual(none);
  await store.write(async (tx) => {
    const rows = Array.from({ length: 99 }, (_, number) => ({
      id: idToBytes(ids.next()),
      team_id: idToBytes(teamId),
      name: `${number}`,
      slug: `${number}`,
      is_default: 0,
      created_at_ms: 0,
    }));
    await tx.tables<{ environments: (typeof rows)[number] }>().insertInto("environments").values(rows).execute();
  });
  expect(await access.createEnvironment(teamId, staging)).toEqual({ kind: "limit_reached", max: 100 });
});
