import { expect, test, vi } from "vitest";

import { type Access, openAccess } from "../../src/access/access.ts";
import type { Principal } from "../../src/access/api-key.ts";
import type { KeyCreation, KeyRequest } from "../../src/access/create-key.ts";
import { allows } from "../../src/access/scopes.ts";
import type { Store } from "../../src/db/store.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createIds } from "../../src/lib/ids.ts";
import { createSystemRandom } from "../../src/lib/random.ts";
import { freshDirectory, freshStore, openStore, reachInto } from "../support/store.ts";

const startMs = 1_800_000_000_000;
const random = createSystemRandom();

/** The room on a real store, at a time that the test moves. */
const open = async (given?: Store) => {
  const store = given ?? (await freshStore());
  let nowMs = startMs;
  const faults: unknown[] = [];
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const access = await openAccess({
    store,
    clock,
    random,
    ids: createIds(systemClock, random),
    observer: { faulted: (fault) => faults.push(fault) },
    isInUse: async () => false,
  });
  const move = (ms: number): void => {
    nowMs += ms;
  };
  const ask = (header: string | undefined) => access.authenticate(header, nowMs);
  return { access, store, faults, move, ask };
};

const operator = { kind: "operator", team: null, env: null } as const;
const request = (over: Partial<KeyRequest> = {}): KeyRequest => ({
  name: "ci",
  scopes: ["webhooks:write"],
  expiresAtMs: null,
  maker: operator,
  ...over,
});

const create = async (access: Access, over: Partial<KeyRequest> = {}) => {
  const made = await access.createKey(request(over));
  if (made.kind !== "created") throw new Error(made.message);
  return made;
};

const principalOf = async (access: Access, key: string): Promise<Principal> => {
  const answer = await access.authenticate(`Bearer ${key}`, startMs);
  if (answer.kind !== "granted") throw new Error("refused");
  return answer.principal;
};

test("a key that was made is recognised, with its place and scopes", async () => {
  const { access, ask } = await open();
  const { key, apiKey } = await create(access, { scopes: ["webhooks:write", "push:read"] });
  expect(await ask(`Bearer ${key}`)).toEqual({
    kind: "granted",
    principal: {
      kind: "key",
      keyId: apiKey.id,
      teamId: apiKey.teamId,
      envId: apiKey.envId,
      scopes: ["webhooks:write", "push:read"],
      expiresAtMs: null,
    },
  });
  expect(allows(apiKey.scopes, "webhooks:read")).toBe(true);
});

test("missing, malformed, unknown, expired and revoked keys get the same answer", async () => {
  const { access, ask, move } = await open();
  const expired = await create(access, { expiresAtMs: startMs + 1_000 });
  const revoked = await create(access);
  await access.revokeKey(revoked.apiKey.id, null);
  move(1_000);
  const headers = [
    undefined,
    "",
    "Bearer kr_live_short",
    `Bearer kr_live_${"A".repeat(43)}`,
    `Bearer ${expired.key}`,
    `Bearer ${revoked.key}`,
  ];
  for (const header of headers) expect(await ask(header)).toEqual({ kind: "refused" });
});

test("a key counts until its expiry and not from then on, remembered or not", async () => {
  const { access, ask, move } = await open();
  const { key } = await create(access, { expiresAtMs: startMs + 1_000 });
  expect((await ask(`Bearer ${key}`)).kind).toBe("granted");
  move(999);
  expect((await ask(`Bearer ${key}`)).kind).toBe("granted");
  move(1);
  expect((await ask(`Bearer ${key}`)).kind).toBe("refused");
});

test("the store holds a hash and the prefix, never the key", async () => {
  const directory = freshDirectory();
  const store = await openStore({ directory });
  const { key } = await create((await open(store)).access);
  await store.close();
  const rows = JSON.stringify(await reachInto(directory, "select * from api_keys"));
  expect(rows).toContain(key.slice(0, 12));
  expect(rows).not.toContain(key.slice(12));
});

test("a revoked key is refused from the answer on, while requests with it go on", async () => {
  const { access, ask } = await open();
  const { key, apiKey } = await create(access);
  const revoked = new AbortController();
  const hammer = async (): Promise<string> => {
    while (!revoked.signal.aborted) {
      await new Promise(setImmediate);
      await ask(`Bearer ${key}`);
    }
    return (await ask(`Bearer ${key}`)).kind;
  };
  const hammers = [hammer(), hammer(), hammer()];
  await access.revokeKey(apiKey.prefix, null);
  revoked.abort();
  expect(await Promise.all(hammers)).toEqual(["refused", "refused", "refused"]);
});

test("a key that is revoked while it is looked up is not remembered as good", async () => {
  const store = await freshStore();
  const { access } = await open(store);
  const { key, apiKey } = await create(access);

  // A store whose answer to the first lookup arrives only when the test says so.
  const gate = Promise.withResolvers<void>();
  const slow: Store = {
    ...store,
    lookup: <Tables>() =>
      store.lookup<Tables>().withPlugin({
        transformQuery: ({ node }) => node,
        transformResult: async ({ result }) => {
          await gate.promise;
          return result;
        },
      }),
  };
  const behind = await open(slow);
  const late = behind.ask(`Bearer ${key}`);
  await behind.access.revokeKey(apiKey.id, null);
  gate.resolve();
  await late;
  expect(await behind.ask(`Bearer ${key}`)).toEqual({ kind: "refused" });
});

test("a first key makes the default team and its production environment, the second finds them", async () => {
  const { access } = await open();
  const first = await create(access);
  const second = await create(access, { name: "other" });
  expect(second.apiKey.teamId).toBe(first.apiKey.teamId);
  expect(second.apiKey.envId).toBe(first.apiKey.envId);
  const { keys } = await access.listKeys(null);
  expect(keys.map(({ name, team, env }) => [name, team, env])).toEqual([
    ["other", "default", "production"],
    ["ci", "default", "production"],
  ]);
});

test("an environment of one name is another one in another team, and a team without a name given gets its default", async () => {
  const { access } = await open();
  const at = (team: string | null, env: string | null) => ({ maker: { kind: "operator", team, env } as const });
  const staging = await create(access, at("acme", "staging"));
  const again = await create(access, at("acme", "staging"));
  const production = await create(access, at("acme", null));
  const elsewhere = await create(access, at("globex", "staging"));
  expect(again.apiKey.envId).toBe(staging.apiKey.envId);
  expect(production.apiKey.teamId).toBe(staging.apiKey.teamId);
  expect(new Set([staging, production, elsewhere].map(({ apiKey }) => apiKey.envId)).size).toBe(3);
  const { keys } = await access.listKeys(production.apiKey);
  expect(keys.map(({ team, env }) => [team, env])).toEqual([["acme", "production"]]);
});

const refused: [string, Partial<KeyRequest>, string][] = [
  ["no name", { name: "" }, "name"],
  ["a name of 101 characters", { name: "x".repeat(101) }, "name"],
  ["a name with a line break", { name: "a\nb" }, "name"],
  ["half a character", { name: "\uD800" }, "name"],
  ["no scopes", { scopes: [] }, "scopes"],
  ["an unknown scope", { scopes: ["admin"] }, "scopes"],
  ["an expiry that has passed", { expiresAtMs: startMs }, "expiresAt"],
  ["an expiry that is no time", { expiresAtMs: Number.NaN }, "expiresAt"],
  ["a blank team", { maker: { ...operator, team: " " } }, "team"],
  ["an environment with a NUL", { maker: { ...operator, env: "a\0b" } }, "env"],
];

test.for(refused)("%s is refused, and nothing is made", async ([, over, field]) => {
  const { access } = await open();
  expect(await access.createKey(request(over))).toMatchObject({ kind: "invalid", field });
  expect((await access.listKeys(null)).keys).toEqual([]);
});

test("nobody makes a key that may do more than they may, or for longer", async () => {
  const { access } = await open();
  const maker = await create(access, { scopes: ["webhooks:write"], expiresAtMs: startMs + 5_000 });
  const principal = await principalOf(access, maker.key);
  const by = (over: Partial<KeyRequest>): Promise<KeyCreation> =>
    access.createKey(request({ maker: { kind: "principal", principal }, expiresAtMs: startMs + 5_000, ...over }));

  expect(await by({ scopes: ["webhooks:read", "push:read"] })).toEqual({
    kind: "forbidden",
    message: "nobody can pass on a scope that they do not hold: push:read",
  });
  expect((await by({ scopes: ["*"] })).kind).toBe("forbidden");
  expect((await by({ expiresAtMs: null })).kind).toBe("forbidden");
  expect((await by({ expiresAtMs: startMs + 5_001 })).kind).toBe("forbidden");
  expect(await by({ scopes: ["webhooks:read"] })).toMatchObject({
    kind: "created",
    apiKey: { teamId: principal.teamId, envId: principal.envId, scopes: ["webhooks:read"] },
  });
});

test.for(["id", "prefix", "key"] as const)("a key is revoked by its %s, once and again", async (by) => {
  const { access } = await open();
  const { key, apiKey } = await create(access);
  const reference = { id: apiKey.id, prefix: apiKey.prefix, key }[by];
  const other = await create(access, { name: "stays" });
  expect(await access.revokeKey(reference, null)).toMatchObject({ kind: "revoked", apiKey: { revokedAtMs: startMs } });
  expect(await access.revokeKey(reference, null)).toMatchObject({ kind: "revoked", apiKey: { revokedAtMs: startMs } });
  expect((await access.authenticate(`Bearer ${other.key}`, startMs)).kind).toBe("granted");
});

test("a prefix that several keys share revokes none of them, and names them", async () => {
  const store = await freshStore();
  // All keys but the last bytes are alike.
  let drawn = 0;
  const alike = { ...random, bytes: (count: number) => Buffer.alloc(count, 7).fill((drawn += 1), 31) };
  const access = await openAccess({
    store,
    clock: systemClock,
    random: alike,
    ids: createIds(systemClock, random),
    observer: { faulted() {} },
    isInUse: async () => false,
  });
  const first = await create(access);
  const second = await create(access);
  const answer = await access.revokeKey(first.apiKey.prefix, null);
  expect(answer).toEqual({ kind: "ambiguous", ids: expect.arrayContaining([first.apiKey.id, second.apiKey.id]) });
  await access.revokeKey(first.apiKey.id, null);
  // One of the two counts no more: the prefix now says which.
  expect(await access.revokeKey(first.apiKey.prefix, null)).toMatchObject({ apiKey: { id: second.apiKey.id } });
});

test("another place's key is not found, and goes on", async () => {
  const { access } = await open();
  const own = await create(access);
  const foreign = await create(access, { maker: { kind: "operator", team: "acme", env: null } });
  for (const reference of [foreign.apiKey.id, foreign.apiKey.prefix, foreign.key]) {
    expect(await access.revokeKey(reference, own.apiKey)).toEqual({ kind: "not_found" });
  }
  expect((await access.authenticate(`Bearer ${foreign.key}`, startMs)).kind).toBe("granted");
});

test.for(["", "kr_live_", "nonsense", "%"])("no key is called %j", async (reference) => {
  const { access } = await open();
  await create(access);
  expect(await access.revokeKey(reference, null)).toEqual({ kind: "not_found" });
});

test("a key's last use is written at most once a minute", async () => {
  const { access, store, ask, move } = await open();
  const { key } = await create(access);
  const lastUsed = async (): Promise<number | null> => {
    await store.settled();
    return (await access.listKeys(null)).keys[0]!.lastUsedAtMs;
  };
  expect(await lastUsed()).toBeNull();
  await ask(`Bearer ${key}`);
  expect(await lastUsed()).toBe(startMs);
  move(59_999);
  await ask(`Bearer ${key}`);
  expect(await lastUsed()).toBe(startMs);
  move(1);
  await ask(`Bearer ${key}`);
  expect(await lastUsed()).toBe(startMs + 60_000);
});

test("a last use that cannot be written fails no request, and is told", async () => {
  const store = await freshStore();
  const full: Store = { ...store, line: () => () => Promise.reject(new Error("disk full")) };
  const { access, ask, faults } = await open(full);
  const { key } = await create(access);
  expect((await ask(`Bearer ${key}`)).kind).toBe("granted");
  await vi.waitFor(() => expect(faults).toEqual([{ task: "write a key's last use", error: new Error("disk full") }]));
});

test("a list of keys ends at its bound, and says that there are more", async () => {
  const { access } = await open();
  await create(access, { name: "oldest" });
  for (let made = 0; made < 1_000; made += 1) await create(access);
  const { keys, more } = await access.listKeys(null);
  expect(keys).toHaveLength(1_000);
  expect(more).toBe(true);
  expect(keys.some(({ name }) => name === "oldest")).toBe(false);
});
