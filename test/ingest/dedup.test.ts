import { createHmac } from "node:crypto";

import { describe, expect, test } from "vitest";

import type { HttpWish } from "../../harness/http.ts";
import { eventually } from "../support/engine.ts";
import { startGateway } from "../support/gateway.ts";
import { keepHouse } from "../support/housekeeping.ts";
import { startReceiver } from "../support/receiver.ts";
import { connect, flood, isDuplicate, makeSource, send, storedOf } from "../support/ruled-source.ts";
import { select } from "../support/store.ts";

type Wish = HttpWish & { readonly query?: string };

const secret = "a secret of the source";
const mac = (body: string): string => createHmac("sha256", secret).update(body).digest("hex");
const header = (value: string | string[], body = '{"a":1}'): Wish => ({ headers: { "x-delivery": value }, body });
/** What a source makes of requests that come one after the other: which are repeats. */
const repeatsAmong = async (fields: object, wishes: readonly Wish[]): Promise<boolean[]> => {
  const gateway = await startGateway();
  const source = await makeSource(gateway, fields);
  const repeats: boolean[] = [];
  for (const wish of wishes) repeats.push(isDuplicate(await send(gateway, source, wish)));
  const stored = await storedOf(gateway, source);
  expect(stored.map(({ dedup }) => dedup)).toEqual(repeats.map((is) => (is ? "duplicate" : "unique")));
  expect(stored.map(({ kept }) => kept === 0)).toEqual(repeats.map((is, at) => is || wishes[at]!.body === ""));
  return repeats;
};

describe("a source recognises a repeat", () => {
  const byHeader = { dedup_strategy: "header_field", dedup_field: "X-Delivery" };
  const byBody = { dedup_strategy: "body_field", dedup_field: "data.id" };
  const body = (id: unknown): Wish => ({ body: JSON.stringify({ data: { id }, at: Math.random() }) });

  test.for<[string, object, readonly Wish[], boolean[]]>([
    [
      "by its bytes, whatever the method, the query and the headers",
      { dedup_enabled: true },
      [{ body: "x" }, { body: "y" }, { body: "x", query: "?b", headers: { "x-a": "1" } }, { method: "PUT", body: "y" }],
      [false, false, true, true],
    ],
    ["never by an empty body", { dedup_strategy: "payload_hash" }, [{ body: "" }, { body: "" }], [false, false]],
    ["by a header", byHeader, [header("1", "a"), header("2", "a"), header("1", "b")], [false, false, true]],
    [
      "by no header that is missing, empty or there twice",
      byHeader,
      [{}, {}, header(""), header(""), header(["1", "1"]), header(["1", "1"])],
      [false, false, false, false, false, false],
    ],
    [
      "by a value in its body, text or whole number",
      byBody,
      [body("e1"), body("e2"), body("e1"), body(7), body(7), body("7")],
      [false, false, true, false, true, true],
    ],
    [
      "by no value that cannot be read exactly",
      byBody,
      [
        { body: '{"data":{"id":9007199254740993}}' },
        { body: '{"data":{"id":9007199254740992}}' },
        body(null),
        body(null),
        body({ a: 1 }),
        body({ a: 1 }),
        body(true),
        body(true),
        { body: "no json" },
        { body: "no json" },
      ],
      Array.from({ length: 10 }, () => false),
    ],
    [
      "by the provider's own id",
      { template: "github", dedup_strategy: "provider_id" },
      [
        { headers: { "x-github-delivery": "d1" }, body: "a" },
        { headers: { "x-github-delivery": "d1" }, body: "b" },
        { body: "a" },
        { body: "a" },
      ],
      [false, true, false, false],
    ],
  ])("%s", async ([_, fields, wishes, repeats]) => expect(await repeatsAmong(fields, wishes)).toEqual(repeats));
});

test("the first goes to its receivers; a repeat is stored without its body and goes nowhere", async () => {
  await using receiver = await startReceiver();
  const gateway = await startGateway();
  const source = await makeSource(gateway, { dedup_enabled: true });
  await connect(gateway, source, receiver.url);
  const first = await send(gateway, source);
  const second = await send(gateway, source);
  expect(first.json).toEqual({ event_id: expect.any(String), source_id: source.id });
  expect(second.json).toEqual({ event_id: expect.any(String), source_id: source.id, duplicate: true });
  await eventually(() => expect(receiver.requests).toHaveLength(1));
  await eventually(async () =>
    expect(
      (await storedOf(gateway, source)).map(({ status, dedup, kept, body_bytes, body_dropped, deliveries }) => [
        status,
        dedup,
        kept,
        body_bytes,
        body_dropped,
        deliveries,
      ]),
    ).toEqual([
      ["succeeded", "unique", 7, 7, 0, 1],
      ["received", "duplicate", 0, 7, 1, 0],
    ]),
  );
  expect(receiver.requests).toHaveLength(1);
  const [, duplicate] = await storedOf(gateway, source);
  const { body } = await gateway.request("GET", `/v1/sources/${source.id}`);
  expect(body.source.event_count).toBe(2);
  expect(duplicate!.id).toBeDefined();
});

test("a replay sends no repeat, which has no body any more", async () => {
  await using receiver = await startReceiver();
  const gateway = await startGateway();
  const source = await makeSource(gateway, { dedup_enabled: true });
  await connect(gateway, source, receiver.url);
  await send(gateway, source);
  await send(gateway, source);
  await eventually(() => expect(receiver.requests).toHaveLength(1));
  const dashed = [...gateway.core.table.sources()][0]!.source.id;
  const made = await gateway.request("POST", `/webhooks/sources/${dashed}/replays`, {});
  await eventually(async () => {
    const { body } = await gateway.request("GET", `/webhooks/sources/${dashed}/replays/${made.body.data.id}`);
    expect(body.data).toMatchObject({ status: "completed", total: 2, queued: 1, succeeded: 1 });
  });
  expect(receiver.requests).toHaveLength(2);
});

test("sources know nothing of each other's keys", async () => {
  const gateway = await startGateway();
  const [a, b] = [
    await makeSource(gateway, { dedup_enabled: true }),
    await makeSource(gateway, { dedup_enabled: true }),
  ];
  expect(isDuplicate(await send(gateway, a))).toBe(false);
  expect(isDuplicate(await send(gateway, b))).toBe(false);
});

test("a window begins with the first of a key, and no repeat makes it longer", async () => {
  await using receiver = await startReceiver();
  const gateway = await startGateway();
  const source = await makeSource(gateway, { dedup_enabled: true, dedup_window_seconds: 600 });
  await connect(gateway, source, receiver.url);
  const repeats: boolean[] = [];
  for (const seconds of [0, 300, 250, 60, 500, 200]) {
    gateway.clock.jump(seconds * 1_000);
    repeats.push(isDuplicate(await send(gateway, source)));
  }
  expect(repeats).toEqual([false, true, true, false, true, false]);
  await eventually(() => expect(receiver.requests).toHaveLength(3));
});

test("retention removes keys whose window is over, and no other", async () => {
  const gateway = await startGateway();
  const [short, long] = [
    await makeSource(gateway, { dedup_enabled: true, dedup_window_seconds: 60 }),
    await makeSource(gateway, { dedup_enabled: true, dedup_window_seconds: 86_400 }),
  ];
  for (let at = 0; at < 5; at += 1) await send(gateway, short, { body: `${at}` });
  await send(gateway, long);
  gateway.clock.advance(2 * 60 * 60_000);
  expect(await keepHouse(gateway)).toMatchObject({ dedupKeys: 5 });
  expect(isDuplicate(await send(gateway, long))).toBe(true);
});

const signedDedup = {
  verification_type: "hmac_sha256",
  verification_secret: secret,
  verification_header: "X-Sig",
  dedup_strategy: "header_field",
  dedup_field: "X-Delivery",
};

test("a forged post burns no id: the genuine one comes after it, and is routed", async () => {
  await using receiver = await startReceiver();
  const gateway = await startGateway();
  const source = await makeSource(gateway, signedDedup);
  await connect(gateway, source, receiver.url);
  const forged = await send(gateway, source, { headers: { "x-delivery": "d1", "x-sig": mac("not it") } });
  expect(forged.status).toBe(401);
  expect(await select(gateway.core.store, "select * from dedup_keys")).toEqual([]);
  const genuine = await send(gateway, source, { body: "{}", headers: { "x-delivery": "d1", "x-sig": mac("{}") } });
  expect([genuine.status, isDuplicate(genuine)]).toEqual([200, false]);
  await eventually(() => expect(receiver.requests).toHaveLength(1));
});

test("of 200 concurrent posts of one id over four connections, exactly one is routed", async () => {
  await using receiver = await startReceiver();
  const gateway = await startGateway();
  const source = await makeSource(gateway, signedDedup);
  await connect(gateway, source, receiver.url);
  const told = await flood([gateway.url], source, { "x-delivery": "one", "x-sig": mac("{}") });
  expect(told.map(({ status }) => status)).toEqual(Array.from({ length: 200 }, () => 200));
  expect(told.filter(isDuplicate)).toHaveLength(199);
  const stored = await storedOf(gateway, source);
  expect(stored.filter(({ dedup }) => dedup === "unique").map(({ deliveries, kept }) => [deliveries, kept])).toEqual([
    [1, 2],
  ]);
  expect(
    stored.filter(({ dedup, deliveries, kept }) => dedup === "duplicate" && deliveries === 0 && kept === 0),
  ).toHaveLength(199);
  await eventually(() => expect(receiver.requests).toHaveLength(1));
  await eventually(async () =>
    expect((await storedOf(gateway, source)).filter(({ status }) => status === "succeeded")).toHaveLength(1),
  );
  expect(receiver.requests).toHaveLength(1);
});
