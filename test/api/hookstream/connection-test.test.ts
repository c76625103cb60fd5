import { expect, test } from "vitest";

import { startGateway } from "../../support/gateway.ts";
import { addDestination, addSource, callerOf, connect, refusalOf, sendEvent } from "../../support/hookstream.ts";

const start = async (body: object) => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await addSource(call);
  const destination = await addDestination(call, "http://127.0.0.1:1/", { status: "disabled" });
  const connection = await connect(call, source, destination, body);
  const path = `/v1/connections/${connection.id}/test`;
  const tried = async (sent: object): Promise<object> => {
    const answer = await call("POST", path, { body: sent });
    if (answer.status !== 200) throw new Error(answer.text);
    const { test: shown }: { test: object } = answer.body;
    return { test: shown };
  };
  return { gateway, call, source, connection, path, tried };
};

const paid = { field: "payload.type", op: "eq", value: "paid" } as const;
const large = { field: "payload.amount", op: "gt", value: 100 } as const;
const plain = { applied: 0, result: null, error: null };

test("a sample shows what the filter says, and which rules do not hold", async () => {
  const { tried } = await start({ filter_rules: [paid, large], event_types: ["invoice.*"] });
  const rows: readonly [sample: object, delivered: number, failed: readonly object[]][] = [
    [{ payload: { type: "paid", amount: 200 }, event_type: "invoice.paid" }, 1, []],
    [{ payload: { type: "paid", amount: 200 }, event_type: "other" }, 0, []],
    [{ payload: { type: "paid", amount: "200" }, event_type: "invoice.paid" }, 0, [large]],
    [{ payload: { type: "open" }, event_type: "invoice.paid" }, 0, [paid, large]],
    [{}, 0, [paid, large]],
  ];
  for (const [sample, delivered, failed] of rows) {
    const filter = { passed: delivered, failed_rules: failed };
    expect([sample, await tried({ sample })]).toEqual([sample, { test: { delivered, filter, transform: plain } }]);
  }
});

test("a sample shows what the transform makes of it, or how it fails", async () => {
  const { tried, call, connection } = await start({
    transform_expression:
      '{"of": $.a, "method": $method, "page": $query.page, "by": $headers."x-by", "type": $event.type, "ip": $event.source_ip}',
  });
  const sample = {
    payload: { a: 1 },
    method: "put",
    query: "page=2",
    headers: { "X-By": "me" },
    event_type: "t",
    source_ip: "203.0.113.7",
  };
  const filter = { passed: 1, failed_rules: [] };
  const result = { of: 1, method: "PUT", page: "2", by: "me", type: "t", ip: "203.0.113.7" };
  expect(await tried({ sample })).toEqual({
    test: { delivered: 1, filter, transform: { applied: 1, result, error: null } },
  });
  const rows = [
    ["1", "the transform must give an object, and gave a number"],
    ["$nonsense()", "Attempted to invoke a non-function"],
    ["($f := function($x) {$f($x)}; $f(1))", "the transform took more than 500 ms"],
  ] as const;
  for (const [transform_expression, error] of rows) {
    await call("PATCH", `/v1/connections/${connection.id}`, { body: { transform_expression } });
    expect(await tried({ sample })).toEqual({
      test: { delivered: 0, filter, transform: { applied: 1, result: null, error: expect.stringContaining(error) } },
    });
  }
  await call("PATCH", `/v1/connections/${connection.id}`, { body: { transform_enabled: false, enabled: false } });
  expect(await tried({ sample })).toEqual({ test: { delivered: 0, filter, transform: plain } });
});

test("a stored event is tried as it came, unless its body is not there", async () => {
  const { gateway, tried, call, source, path } = await start({
    filter_rules: [paid],
    transform_expression: '{"id": $event.id, "amount": $.amount}',
  });
  const id = await sendEvent(gateway, source, { type: "paid", amount: 5 });
  expect(await tried({ event_id: id })).toEqual({
    test: {
      delivered: 1,
      filter: { passed: 1, failed_rules: [] },
      transform: { applied: 1, result: { id, amount: 5 }, error: null },
    },
  });
  const once = await addSource(call, { dedup_strategy: "payload_hash" });
  await sendEvent(gateway, once, {});
  const repeated = await sendEvent(gateway, once, {});
  const key = await gateway.newKey({ env: "staging" });
  const foreign = await addSource((method, to, options) => call(method, to, { ...options, key }));
  const theirs = await sendEvent(gateway, foreign);
  const sample = {};
  const rows: readonly [sent: object, status: number, error: string][] = [
    [{ event_id: repeated }, 400, "Invalid body: 'event_id' is of an event whose body was not kept"],
    [{ event_id: theirs }, 404, "Event not found"],
    [{ event_id: "0".repeat(32) }, 404, "Event not found"],
    [{ event_id: "x" }, 400, "Invalid body: 'event_id' must be an id of 32 hex digits"],
    [{}, 400, "Invalid body: 'event_id' or a sample is required"],
    [{ event_id: id, sample }, 400, "Invalid body: 'sample' can't be combined with event_id"],
    [{ sample: { headers: { "a b": "x" } } }, 400, "Invalid body: 'sample.headers.a b' is invalid"],
    [{ sample: { method: 5 } }, 400, "Invalid body: 'sample.method' must be a string"],
    [{ sample: [] }, 400, "Invalid body: 'sample' must be an object"],
  ];
  for (const [sent, status, error] of rows) {
    const refused = await call("POST", path, { body: sent });
    expect([sent, refused.status, refused.body]).toEqual([sent, ...refusalOf(status, error)]);
  }
});
