import { expect, test, vi } from "vitest";

import { startGateway, type TestGateway } from "../support/gateway.ts";
import { listEvents, type MadeDestination, makeDestination, makeSource, post, showEvent } from "../support/journey.ts";
import { startReceiver } from "../support/receiver.ts";

const instant: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
const json = { "content-type": "application/json" };

const shownBy = async (gateway: TestGateway, { path }: MadeDestination): Promise<Record<string, unknown>> => {
  const data: Record<string, unknown> = (await gateway.request("GET", path)).body.data;
  return data;
};

const start = async (fields: object = {}, url = "http://127.0.0.1:1/") => {
  const gateway = await startGateway();
  const source = await makeSource(gateway, { require_signature: false });
  const destination = await makeDestination(gateway, source, { url, ...fields });
  const send = (body: object) => post(source, { headers: json, body: JSON.stringify(body) });
  return { gateway, source, destination, send };
};

const rule = { field: "payload.amount", op: "gt", value: 100 } as const;

/** What a change makes of what is shown, one after the other. */
const changes: readonly [sent: object, shown: object][] = [
  [{ filter_rules: [rule] }, { filter_rules: [rule] }],
  [
    { filter_rules: [{ field: "headers.X-A", op: "exists" }] },
    { filter_rules: [{ field: "headers.X-A", op: "exists", value: true }] },
  ],
  [{ url: "http://127.0.0.1:2/" }, { url: "http://127.0.0.1:2/" }],
  [{ filter_rules: [] }, { filter_rules: null }],
  [{ filter_rules: [rule] }, { filter_rules: [rule] }],
  [{ filter_rules: null }, { filter_rules: null }],
  [{ transform_expression: "$" }, { transform_expression: "$", transform_enabled: true }],
  [{ transform_enabled: false }, { transform_enabled: false }],
  // A new expression is meant to run, unless it is said otherwise.
  [{ transform_expression: "$" }, {}],
  [{ transform_expression: "{}" }, { transform_expression: "{}", transform_enabled: true }],
  [
    { transform_expression: "$", transform_enabled: false },
    { transform_expression: "$", transform_enabled: false },
  ],
  [{ event_filter: ["a"] }, { event_filter: ["a"] }],
  [{ transform_enabled: true }, { transform_enabled: true }],
  [{ transform_expression: null }, { transform_expression: null, transform_enabled: false }],
  [{ transform_expression: "" }, {}],
  [{ circuit_breaker_enabled: true }, { circuit_breaker_enabled: true }],
  [{ circuit_breaker_threshold: 3 }, { circuit_breaker_threshold: 3 }],
  [{ circuit_breaker_reset_seconds: 1 }, { circuit_breaker_reset_seconds: 1 }],
  [{ circuit_breaker_enabled: false }, { circuit_breaker_enabled: false }],
  // What is shown and not for people to set is ignored, as an id is.
  [{ circuit_breaker_state: "open", circuit_breaker_opened_at: "2026-01-01T00:00:00Z" }, {}],
];

test("filter, transform and circuit are changed one by one, and all else stays", async () => {
  const { gateway, destination } = await start();
  const list = destination.path.slice(0, destination.path.lastIndexOf("/"));
  let expected = await shownBy(gateway, destination);
  for (const [sent, shown] of changes) {
    expected = { ...expected, ...shown, updated_at: instant };
    const changed = await gateway.request("PATCH", destination.path, sent);
    expect([sent, changed.status, changed.body]).toEqual([sent, 200, { data: expected }]);
    expect(Object.keys(changed.body.data)).toEqual(Object.keys(expected));
    expect((await gateway.request("GET", destination.path)).body).toEqual(changed.body);
    expect((await gateway.request("GET", list)).body).toEqual({ data: [changed.body.data] });
  }
});

test("a change that is refused changes nothing of what was sent with it", async () => {
  const { gateway, destination } = await start({ filter_rules: [rule], transform_expression: "$" });
  const before = await shownBy(gateway, destination);
  const other = { filter_rules: null, circuit_breaker_enabled: true };
  for (const wrong of [{ transform_expression: "$ $" }, { transform_enabled: true, transform_expression: null }]) {
    const refused = await gateway.request("PATCH", destination.path, { ...other, ...wrong });
    const details = { transform_expression: [expect.any(String)] };
    expect([refused.status, refused.body]).toEqual([422, { error: "Validation failed", details }]);
  }
  expect(await shownBy(gateway, destination)).toEqual(before);
});

test("while expressions cannot be checked, those that are new wait", async () => {
  const { gateway, destination } = await start({ transform_expression: "$" });
  const before = await shownBy(gateway, destination);
  await gateway.gateway.transformer.close();
  const refused = await gateway.request("PATCH", destination.path, { transform_expression: "{}" });
  const error = expect.stringMatching(/^The expression cannot be checked now: ./);
  expect([refused.status, refused.headers["retry-after"], refused.body]).toEqual([503, "5", { error }]);
  expect(await shownBy(gateway, destination)).toEqual(before);
});

test("what the rules do not let pass is not delivered, and what passes is sent transformed", async () => {
  await using receiver = await startReceiver();
  const transform_expression = '{"doubled": $.amount * 2, "from": $headers."x-from"}';
  const { gateway, source, destination, send } = await start(
    { filter_rules: [rule], transform_expression },
    receiver.url,
  );
  for (const amount of [99, 101]) await send({ amount });
  const headers = { ...json, "x-from": "shop" };
  await post(source, { headers, body: '{"amount":102}' });
  const bodies = (await receiver.waitFor(2)).map(({ body }) => body.toString());
  expect(bodies.toSorted()).toEqual(['{"doubled":202}', '{"doubled":204,"from":"shop"}']);
  const events = await listEvents(gateway, source);
  const dropped = await showEvent(gateway, source, events.at(-1)!.id);
  expect([dropped.status, dropped.deliveries]).toEqual(["received", []]);

  await gateway.request("PATCH", destination.path, { filter_rules: null, transform_enabled: false });
  await send({ amount: 1 });
  expect((await receiver.waitFor(3))[2]!.body.toString()).toBe('{"amount":1}');
});

test("an expression that fails ends the delivery, which says so", async () => {
  await using receiver = await startReceiver();
  const { gateway, source, send } = await start({ transform_expression: '"text"' }, receiver.url);
  await send({});
  const [event] = await listEvents(gateway, source);
  await vi.waitFor(async () => {
    const { deliveries } = await showEvent(gateway, source, event!.id);
    expect(deliveries).toMatchObject([{ status: "failed", reason: "transform", attempts: [{ code: "transform" }] }]);
  }, 10_000);
  expect(receiver.requests).toHaveLength(0);
});

test("a circuit opens after its failures, tries one delivery once its time is over, and closes with a success", async () => {
  await using receiver = await startReceiver();
  receiver.respondWith({ status: 500 }, { status: 500 }, { status: 200 });
  const { gateway, destination, send } = await start(
    {
      retry_schedule: [],
      max_concurrency: 1,
      circuit_breaker_enabled: true,
      circuit_breaker_threshold: 2,
      circuit_breaker_reset_seconds: 600,
    },
    receiver.url,
  );
  const closed = { circuit_breaker_state: "closed", circuit_breaker_opened_at: null };
  const open = { circuit_breaker_state: "open", circuit_breaker_opened_at: instant };
  expect(await shownBy(gateway, destination)).toMatchObject(closed);
  for (const n of [0, 1]) await send({ n });
  await vi.waitFor(async () => expect(await shownBy(gateway, destination)).toMatchObject(open), 10_000);
  for (const n of [2, 3]) await send({ n });
  gateway.clock.advance(599_000);
  expect(await shownBy(gateway, destination)).toMatchObject(open);
  expect(receiver.requests).toHaveLength(2);
  gateway.clock.advance(1_000);
  await receiver.waitFor(4);
  await vi.waitFor(async () => expect(await shownBy(gateway, destination)).toMatchObject(closed), 10_000);
  expect(receiver.requests.map(({ body }) => body.toString())).toEqual(['{"n":0}', '{"n":1}', '{"n":2}', '{"n":3}']);
});

test("a longer wait counts for a circuit that is open, and switching it off sends what waits at once", async () => {
  await using receiver = await startReceiver();
  receiver.respondWith({ status: 500 }, { status: 200 });
  const circuit = { circuit_breaker_enabled: true, circuit_breaker_threshold: 1, circuit_breaker_reset_seconds: 60 };
  const { gateway, destination, send } = await start({ retry_schedule: [], ...circuit }, receiver.url);
  const patch = async (body: object): Promise<object> => {
    const data: object = (await gateway.request("PATCH", destination.path, body)).body.data;
    return data;
  };
  await send({ n: 0 });
  const open = { circuit_breaker_state: "open", circuit_breaker_opened_at: instant };
  await vi.waitFor(async () => expect(await shownBy(gateway, destination)).toMatchObject(open), 10_000);
  gateway.clock.advance(60_000);
  expect(await shownBy(gateway, destination)).toMatchObject({ ...open, circuit_breaker_state: "half_open" });
  expect(await patch({ circuit_breaker_reset_seconds: 120 })).toMatchObject(open);
  await send({ n: 1 });
  gateway.clock.advance(59_000);
  expect(await shownBy(gateway, destination)).toMatchObject(open);
  expect(receiver.requests).toHaveLength(1);
  const off = { circuit_breaker_enabled: false, circuit_breaker_state: "closed", circuit_breaker_opened_at: null };
  expect(await patch({ circuit_breaker_enabled: false })).toMatchObject(off);
  expect((await receiver.waitFor(2))[1]!.body.toString()).toBe('{"n":1}');
});
