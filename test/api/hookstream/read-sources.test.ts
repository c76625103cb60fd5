import { expect, test } from "vitest";

import { startGateway } from "../../support/gateway.ts";
import { type Call, callerOf, emptySource, refusalOf } from "../../support/hookstream.ts";

type Made = { readonly id: string; readonly slug: string };

const make = async (call: Call, slug: string, rest: object = {}): Promise<Made> => {
  const made = await call("POST", "/v1/sources", { body: { name: "x", slug, ...rest } });
  if (made.status !== 201) throw new Error(made.text);
  const source: Made = made.body.source;
  return source;
};

const slugsOf = (sources: readonly { slug: string }[]): string[] => sources.map(({ slug }) => slug);

test("lists are newest first, in pages that a cursor goes on from, whatever was made meanwhile", async () => {
  const call = callerOf(await startGateway());
  const empty = await call("GET", "/v1/sources");
  expect([empty.status, empty.body]).toEqual([200, { sources: [], cursor: null, has_more: false }]);
  const made = [];
  for (let at = 0; at < 25; at += 1) made.push(await make(call, `s-${at}`));
  const newestFirst = slugsOf(made).toReversed();
  const first = await call("GET", "/v1/sources");
  expect(slugsOf(first.body.sources)).toEqual(newestFirst.slice(0, 20));
  expect(first.body).toEqual({ sources: expect.any(Array), cursor: made[5]!.id, has_more: true });
  await make(call, "later");
  const second = await call("GET", `/v1/sources?cursor=${first.body.cursor}`);
  expect(slugsOf(second.body.sources)).toEqual(newestFirst.slice(20));
  expect(second.body).toMatchObject({ cursor: null, has_more: false });
  const few = await call("GET", "/v1/sources?limit=2");
  expect([slugsOf(few.body.sources), few.body.has_more]).toEqual([["later", "s-24"], true]);
  expect((await call("GET", "/v1/sources?limit=1000")).body.sources).toHaveLength(26);
  const exact = await call("GET", "/v1/sources?limit=26");
  expect(exact.body).toMatchObject({ cursor: null, has_more: false });
});

test("a list shows those of a status, and what is wrong with a query is 400", async () => {
  const call = callerOf(await startGateway());
  await make(call, "on");
  const paused = await make(call, "off", { status: "paused" });
  expect((await call("GET", "/v1/sources?status=paused")).body.sources).toEqual([paused]);
  expect((await call("GET", "/v1/sources?status=disabled")).body.sources).toEqual([]);
  const rows = [
    ["status=gone", "'status' must be one of active, paused, disabled"],
    ["limit=0", "'limit' must be at least 1"],
    ["limit=x", "'limit' must be a number"],
    ["limit=1.5", "'limit' must be a whole number"],
    ["cursor=x", "'cursor' must be an id of 32 hex digits"],
  ] as const;
  for (const [query, problem] of rows) {
    const refused = await call("GET", `/v1/sources?${query}`);
    expect([query, refused.status, refused.body]).toEqual([query, ...refusalOf(400, `Invalid query: ${problem}`)]);
  }
});

test("one is found by its id, with dashes, with a prefix, in capitals", async () => {
  const call = callerOf(await startGateway());
  const { id } = await make(call, "s");
  const dashed = `${id.slice(0, 8)}-${id.slice(8, 12)}-${id.slice(12, 16)}-${id.slice(16, 20)}-${id.slice(20)}`;
  for (const written of [id, dashed, `src_${id}`, `src_${dashed}`, id.toUpperCase()]) {
    const found = await call("GET", `/v1/sources/${written}`);
    expect([written, found.status, found.body]).toEqual([
      written,
      200,
      { source: { ...emptySource, id, name: "x", slug: "s" } },
    ]);
  }
});

test("what is not there, is malformed or belongs to others is 404 on every route", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const { id } = await make(call, "s");
  const otherTeam = await gateway.newKey({ team: "other" });
  const otherEnvironment = await gateway.newKey({ env: "staging" });
  const named = gateway.hookstreamRoutes.filter(({ path }) => path.startsWith("/sources/:id"));
  expect(named).toHaveLength(4);
  for (const { method, path } of named) {
    const rows: [string, string | undefined][] = [
      ["0".repeat(32), undefined],
      ["x", undefined],
      ["%00", undefined],
      ["..%2f", undefined],
      ["a".repeat(300), undefined],
      [id, otherTeam],
      [id, otherEnvironment],
    ];
    for (const [written, key] of rows) {
      const body = method === "PATCH" ? { body: { name: "stolen" } } : {};
      const target = `/v1${path.replace(":id", written)}`;
      const refused = await call(method, target, { ...body, ...(key === undefined ? {} : { key }) });
      expect([method, target, refused.status, refused.body]).toEqual([
        method,
        target,
        ...refusalOf(404, "Source not found"),
      ]);
    }
  }
  expect((await call("GET", `/v1/sources/${id}`)).body.source.name).toBe("x");
  expect((await call("GET", "/v1/sources", { key: otherTeam })).body.sources).toEqual([]);
});

test("secrets are shown to whoever sets them, and masked in every other answer", async () => {
  const call = callerOf(await startGateway());
  const rows = [
    ["whsec_0123456789", "••••6789"],
    ["0123456789abcdef", "••••cdef"],
    ["0123456789abcde", "••••"],
    ["s", "••••"],
  ] as const;
  for (const [at, [secret, mask]] of rows.entries()) {
    const { id, ...made } = await make(call, `s-${at}`, { template: "stripe", verification_secret: secret });
    expect(made).toMatchObject({ verification_secret: secret });
    const shown = (await call("GET", `/v1/sources/${id}`)).body.source;
    expect(shown).toEqual({ ...made, id, verification_secret: mask });
    expect((await call("GET", "/v1/sources?limit=1")).body.sources).toEqual([shown]);
  }
});

test("headers in a source's config are masked in every other answer, too", async () => {
  const call = callerOf(await startGateway());
  const source_config = { url: "wss://x", headers: { authorization: "Bearer abcdefghijklmnop", a: "" } };
  const { id, ...made } = await make(call, "s", { source_config });
  expect(made).toMatchObject({ source_config: JSON.stringify(source_config) });
  const shown = (await call("GET", `/v1/sources/${id}`)).body.source;
  expect(JSON.parse(shown.source_config)).toEqual({ url: "wss://x", headers: { authorization: "••••", a: "••••" } });
});

test("a source that is deleted is gone, with a word of success", async () => {
  const call = callerOf(await startGateway());
  const { id } = await make(call, "s");
  const deleted = await call("DELETE", `/v1/sources/${id}`);
  expect([deleted.status, deleted.body]).toEqual([200, { success: true }]);
  for (const method of ["GET", "DELETE"]) {
    const refused = await call(method, `/v1/sources/${id}`);
    expect([refused.status, refused.body]).toEqual(refusalOf(404, "Source not found"));
  }
  expect((await call("GET", "/v1/sources")).body.sources).toEqual([]);
});
