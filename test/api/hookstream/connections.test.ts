import { expect, test } from "vitest";

import { startGateway } from "../../support/gateway.ts";
import {
  addDestination,
  addSource,
  callerOf,
  type Made,
  plainConnection,
  refusalOf,
} from "../../support/hookstream.ts";

const url = "https://93.184.215.14/hook";

const start = async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await addSource(call, { name: "Stripe" });
  const destination = await addDestination(call, url, { name: "Billing" });
  const sent = { source_id: source.id, destination_id: destination.id, name: "Paid" };
  const shown = { ...plainConnection, ...sent, source_name: "Stripe", destination_name: "Billing" };
  return { gateway, call, source, destination, sent, shown };
};

const rule = { field: "payload.type", op: "eq", value: "invoice.paid" } as const;

/** What the rest of a body makes of what answers show. */
const rows: readonly [sent: object, shown: object][] = [
  [{}, {}],
  [{ description: "text" }, { description: "text" }],
  [{ enabled: true }, {}],
  [{ enabled: 0 }, { enabled: 0, status: "disabled" }],
  [{ status: "paused" }, { enabled: 0, status: "disabled" }],
  [{ status: "active", enabled: true }, {}],
  [{ filter_rules: [] }, {}],
  [{ filter_rules: [rule] }, { filter_rules: JSON.stringify([rule]) }],
  [{ filter_rules: JSON.stringify([rule]) }, { filter_rules: JSON.stringify([rule]) }],
  [
    { filter_rules: [{ field: "headers.X-A", op: "exists" }] },
    { filter_rules: '[{"field":"headers.X-A","op":"exists","value":true}]' },
  ],
  [{ transform_expression: "$" }, { transform_expression: "$", transform_enabled: 1 }],
  [{ transform_expression: "$", transform_enabled: false }, { transform_expression: "$" }],
  [{ transform_expression: "" }, {}],
  [{ event_types: ["invoice.*", "a"] }, { event_types: '["invoice.*","a"]' }],
  [
    { description: null, enabled: null, status: null, filter_rules: null, transform_enabled: null, event_types: null },
    {},
  ],
];

test("whatever is said of a connection is shown, and can be sent back", async () => {
  const { gateway, call, sent, shown } = await start();
  for (const [body, differs] of rows) {
    const made = await call("POST", "/v1/connections", { body: { ...sent, ...body } });
    expect([body, made.status, made.body]).toEqual([body, 201, { connection: { ...shown, ...differs } }]);
    expect(Object.keys(made.body.connection)).toEqual(Object.keys(plainConnection));
    const path = `/v1/connections/${made.body.connection.id}`;
    gateway.clock.advance(1_000);
    const back = await call("PATCH", path, { body: made.body.connection });
    expect([body, back.status, back.body]).toEqual([body, 200, made.body]);
    expect((await call("GET", path)).body).toEqual(made.body);
  }
});

/** What is wrong with a body, and the sentence that says so. */
const invalid: readonly [sent: object, problem: string][] = [
  [{ name: "" }, "'name' must not be empty"],
  [{ name: 5 }, "'name' must be a string"],
  [{ description: 5 }, "'description' must be a string"],
  [{ enabled: "x" }, "'enabled' must be true or false"],
  [{ status: "x" }, "'status' must be one of active, paused, disabled"],
  [{ status: "active", enabled: false }, "'status' contradicts enabled"],
  [{ filter_rules: {} }, "'filter_rules' must be an array"],
  [{ filter_rules: "nonsense" }, "'filter_rules' must be an array"],
  [{ filter_rules: [5] }, "'filter_rules[0]' must be an object"],
  [{ filter_rules: [{ field: "payload.a", op: "like", value: 1 }] }, "'filter_rules[0].op' is invalid"],
  [{ filter_rules: [{ ...rule, field: "nonsense" }] }, "'filter_rules[0].field' must be payload.*"],
  [{ filter_rules: [{ ...rule, field: "payload..a" }] }, "'filter_rules[0].field' must be payload.*"],
  [{ filter_rules: [{ ...rule, op: "gt" }] }, "'filter_rules[0].value' must be a number"],
  [{ filter_rules: [{ ...rule, op: "in" }] }, "'filter_rules[0].value' must be an array"],
  [{ filter_rules: [{ ...rule, op: "contains", value: 5 }] }, "'filter_rules[0].value' must be a string"],
  [{ filter_rules: Array.from({ length: 51 }, () => rule) }, "'filter_rules' must have at most 50 entries"],
  [{ transform_enabled: true }, "'transform_expression' is required to transform"],
  [{ transform_expression: "{" }, "'transform_expression' "],
  [{ transform_expression: 5 }, "'transform_expression' must be a string"],
  [{ transform_expression: "x".repeat(16_385) }, "'transform_expression' must have at most 16384 characters"],
  [{ event_types: ["*"] }, "'event_types[0]' must match pattern"],
];

test("what cannot be taken is 400, in a sentence that names the field, made or changed", async () => {
  const { call, sent, shown } = await start();
  const { id } = (await call("POST", "/v1/connections", { body: sent })).body.connection;
  for (const [body, problem] of invalid) {
    const isStart = (error: string): boolean => error.startsWith(`Invalid body: ${problem}`);
    for (const [method, path, whole] of [
      ["POST", "/v1/connections", { ...sent, ...body }],
      ["PATCH", `/v1/connections/${id}`, body],
    ] as const) {
      const refused = await call(method, path, { body: whole });
      expect([body, refused.status, refused.body]).toEqual([body, ...refusalOf(400, refused.body.error)]);
      expect(String(refused.body.error)).toSatisfy(isStart);
    }
  }
  const required = await call("POST", "/v1/connections", { body: {} });
  expect([required.status, required.body]).toEqual(
    refusalOf(400, "Invalid body: 'source_id' is required; 'destination_id' is required; 'name' is required"),
  );
  const noId = await call("POST", "/v1/connections", { body: { ...sent, source_id: "x" } });
  expect([noId.status, noId.body]).toEqual(refusalOf(400, "Invalid body: 'source_id' must be an id of 32 hex digits"));
  expect((await call("GET", "/v1/connections")).body.connections).toEqual([{ ...shown, id }]);
});

test("while expressions cannot be checked, those that are new wait, and all else goes on", async () => {
  const { gateway, call, sent } = await start();
  const body = { ...sent, transform_expression: "$" };
  const made = (await call("POST", "/v1/connections", { body })).body.connection;
  const path = `/v1/connections/${made.id}`;
  await gateway.gateway.transformer.close();
  for (const [method, to, wish] of [
    ["POST", "/v1/connections", body],
    ["PATCH", path, { transform_expression: "{}" }],
    ["POST", `${path}/test`, { sample: {} }],
  ] as const) {
    const refused = await call(method, to, { body: wish });
    expect([to, refused.status, refused.body]).toEqual([to, ...refusalOf(503, refused.body.error)]);
    expect(String(refused.body.error)).toMatch(/^The (expression cannot be checked|transform cannot be tried) now: ./);
    expect(refused.headers["retry-after"]).toBe("5");
  }
  const off = await call("PATCH", path, { body: { transform_enabled: false } });
  const updated_at = expect.any(String);
  expect([off.status, off.body.connection]).toEqual([200, { ...made, transform_enabled: 0, updated_at }]);
});

test("what is sent is changed, what is not stays, and null resets", async () => {
  const { call, sent, shown } = await start();
  const body = { ...sent, description: "d", filter_rules: [rule], transform_expression: "$", event_types: ["a"] };
  const made = (await call("POST", "/v1/connections", { body })).body.connection;
  const path = `/v1/connections/${made.id}`;
  const patch = async (changes: object): Promise<object> => {
    const answer = await call("PATCH", path, { body: changes });
    expect([changes, answer.status]).toEqual([changes, 200]);
    const connection: object = answer.body.connection;
    return connection;
  };
  const updated_at = expect.any(String);
  expect(await patch({ transform_enabled: false })).toEqual({ ...made, transform_enabled: 0, updated_at });
  // A new expression is meant to run, unless it is said otherwise.
  expect(await patch({ transform_expression: "{}" })).toEqual({ ...made, transform_expression: "{}", updated_at });
  // Its two ends stay.
  expect(await patch({ source_id: "0".repeat(32), name: "Other" })).toMatchObject({
    name: "Other",
    source_id: sent.source_id,
  });
  const nulls = { description: null, filter_rules: null, transform_expression: null, event_types: null };
  expect(await patch({ ...nulls, name: "Paid" })).toEqual(shown);
});

test("ends that are another's are 404, and so is a connection of another's", async () => {
  const { gateway, call, sent } = await start();
  const key = await gateway.newKey({ env: "staging" });
  const foreign = { source: await addSource((...rest) => call(rest[0], rest[1], { ...rest[2], key })) };
  for (const [body, thing] of [
    [{ source_id: foreign.source.id }, "Source"],
    [{ source_id: "0".repeat(32) }, "Source"],
    [{ destination_id: "0".repeat(32) }, "Destination"],
    [{ destination_id: sent.source_id }, "Destination"],
  ] as const) {
    const refused = await call("POST", "/v1/connections", { body: { ...sent, ...body } });
    expect([body, refused.status, refused.body]).toEqual([body, ...refusalOf(404, `${thing} not found`)]);
  }
  const { id } = (await call("POST", "/v1/connections", { body: sent })).body.connection;
  const missing = refusalOf(404, "Connection not found");
  for (const [method, path, asKey] of [
    ["GET", `/v1/connections/${id}`, key],
    ["PATCH", `/v1/connections/${id}`, key],
    ["DELETE", `/v1/connections/${id}`, key],
    ["GET", `/v1/connections/${"0".repeat(32)}`, gateway.key],
  ] as const) {
    const refused = await call(method, path, { key: asKey });
    expect([method, path, refused.status, refused.body]).toEqual([method, path, ...missing]);
  }
  const sample = { sample: {} };
  const untested = await call("POST", `/v1/connections/${id}/test`, { key, body: sample });
  expect([untested.status, untested.body]).toEqual(missing);
  expect((await call("DELETE", `/v1/connections/${id}`)).body).toEqual({ success: true });
  const again = await call("DELETE", `/v1/connections/${id}`);
  expect([again.status, again.body]).toEqual(missing);
});

test("they are listed newest first, by source, by destination and by page", async () => {
  const { call, source, destination, sent } = await start();
  const other = await addSource(call);
  const elsewhere = await addDestination(call, url);
  const make = async (body: object): Promise<string> => {
    const { id }: { id: string } = (await call("POST", "/v1/connections", { body: { ...sent, ...body } })).body
      .connection;
    return id;
  };
  const first = await make({});
  const second = await make({});
  const third = await make({ source_id: other.id });
  const fourth = await make({ destination_id: elsewhere.id });
  for (const [query, ids, cursor, hasMore] of [
    ["", [fourth, third, second, first], null, false],
    [`?source_id=${source.id}`, [fourth, second, first], null, false],
    [`?destination_id=dst_${destination.id}`, [third, second, first], null, false],
    [`?source_id=${other.id}&destination_id=${elsewhere.id}`, [], null, false],
    ["?limit=3", [fourth, third, second], second, true],
    [`?limit=3&cursor=${second}`, [first], null, false],
  ] as const) {
    const { body } = await call("GET", `/v1/connections${query}`);
    const listed: readonly Made[] = body.connections;
    const found = listed.map(({ id }) => id);
    expect([query, found, body.cursor, body.has_more]).toEqual([query, ids, cursor, hasMore]);
  }
  await call("DELETE", `/v1/sources/${source.id}`);
  expect((await call("GET", "/v1/connections")).body.connections).toMatchObject([{ id: third }]);
  await call("DELETE", `/v1/destinations/${destination.id}`);
  expect((await call("GET", "/v1/connections")).body.connections).toEqual([]);
});
