import { expect, test, vi } from "vitest";

import { readId } from "../../../src/lib/ids.ts";
import { startGateway } from "../../support/gateway.ts";
import {
  addDestination,
  addSource,
  callerOf,
  connect,
  plainConnection,
  plainDestination,
  sendEvent,
} from "../../support/hookstream.ts";
import { makeDestination, makeSource, post } from "../../support/journey.ts";
import { startReceiver } from "../../support/receiver.ts";

const bare = (id: string): string => id.replaceAll("-", "");

const json = { "content-type": "application/json" };

test("a destination of Krafter's is seen, changed and used here, and sends as Krafter says", async () => {
  await using receiver = await startReceiver();
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await makeSource(gateway, { require_signature: false });
  const made = await makeDestination(gateway, source, { url: receiver.url, event_filter: ["a.*"], timeout_seconds: 7 });
  const host = new URL(receiver.url).host;
  const shown = {
    ...plainDestination,
    id: bare(made.id),
    name: host,
    slug: made.id,
    url: receiver.url,
    timeout_ms: 7_000,
    retry_max_attempts: 4,
    retry_intervals: "[17,19,23,31]",
    circuit_breaker_enabled: 0,
  };
  const path = `/v1/destinations/${bare(made.id)}`;
  const { destination } = (await call("GET", path)).body;
  expect(destination).toEqual(shown);
  expect((await call("GET", "/v1/destinations")).body.destinations).toEqual([shown]);
  const { connections } = (await call("GET", "/v1/connections")).body;
  expect(connections).toEqual([
    {
      ...plainConnection,
      name: host,
      source_id: bare(source.id),
      destination_id: bare(made.id),
      event_types: '["a.*"]',
    },
  ]);
  // What is shown here, sent back, changes nothing there.
  const before = (await gateway.request("GET", made.path)).body;
  expect((await call("PATCH", path, { body: destination })).status).toBe(200);
  expect((await call("PATCH", `/v1/connections/${connections[0].id}`, { body: connections[0] })).status).toBe(200);
  expect((await gateway.request("GET", made.path)).body).toEqual(before);

  const changes = { headers: { "X-Own": "1" }, retry_backoff_type: "fixed", retry_intervals: [5], timeout_ms: 1_500 };
  await call("PATCH", path, { body: changes });
  expect((await gateway.request("GET", made.path)).body.data).toMatchObject({ timeout_seconds: 2, enabled: true });
  await call("PATCH", `/v1/connections/${connections[0].id}`, { body: { event_types: null } });
  const own = await addSource(call);
  await connect(call, own, { id: bare(made.id) });
  await sendEvent(gateway, own, { from: "here" });
  await post(source, { headers: json, body: '{"from":"there"}' });
  const requests = await receiver.waitFor(2);
  expect(requests.map(({ body }) => body.toString()).toSorted()).toEqual(['{"from":"here"}', '{"from":"there"}']);
  for (const { headers } of requests) {
    expect(headers).toMatchObject({ "x-own": "1", "x-krafter-attempt": "1", "webhook-signature": expect.any(String) });
    expect(headers["x-hookstream-event-id"]).toBeUndefined();
  }
});

test("deleting a source of Krafter's leaves destinations that stand alone, and takes its own along", async () => {
  await using receiver = await startReceiver();
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await makeSource(gateway, { require_signature: false });
  const own = await makeDestination(gateway, source, { url: "http://127.0.0.1:1/" });
  const shared = await addDestination(call, receiver.url);
  const other = await addSource(call);
  await connect(call, { id: bare(source.id) }, shared);
  const staying = await connect(call, other, shared);
  const listed = await gateway.request("GET", `/webhooks/sources/${source.id}/destinations`);
  const ids: readonly { id: string }[] = listed.body.data;
  expect(new Set(ids.map(({ id }) => id))).toEqual(new Set([own.id, readId(shared.id)]));
  await post(source, { headers: json, body: '{"n":1}' });
  await receiver.waitFor(1);

  expect((await gateway.request("DELETE", `/webhooks/sources/${source.id}`)).status).toBe(204);
  expect((await call("GET", "/v1/destinations")).body.destinations).toMatchObject([
    { id: shared.id, status: "active" },
  ]);
  expect((await call("GET", "/v1/connections")).body.connections).toMatchObject([{ id: staying.id }]);
  await sendEvent(gateway, other, { n: 2 });
  expect((await receiver.waitFor(2))[1]!.body.toString()).toBe('{"n":2}');
});

test("a destination of this API's that Krafter takes off a source goes on for the others", async () => {
  await using receiver = await startReceiver();
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const [source, other] = [await addSource(call), await addSource(call)];
  const shared = await addDestination(call, receiver.url);
  await connect(call, source, shared);
  const staying = await connect(call, other, shared);
  const path = `/webhooks/sources/${readId(source.id)}/destinations/${readId(shared.id)}`;
  expect((await gateway.request("GET", path)).body.data).toMatchObject({ url: receiver.url, timeout_seconds: 30 });
  const off = await gateway.request("PATCH", path, { enabled: false });
  expect(off.body.data).toMatchObject({ enabled: false, disabled_reason: "manual" });
  const disabled = { status: "disabled", disabled_reason: "manual" };
  expect((await call("GET", `/v1/destinations/${shared.id}`)).body.destination).toMatchObject(disabled);
  await call("PATCH", `/v1/destinations/${shared.id}`, { body: { status: "active" } });
  expect((await gateway.request("GET", path)).body.data).toMatchObject({ enabled: true, disabled_reason: null });

  expect((await gateway.request("DELETE", path)).status).toBe(204);
  expect((await call("GET", "/v1/connections")).body.connections).toMatchObject([{ id: staying.id }]);
  await sendEvent(gateway, other, {});
  await receiver.waitFor(1);
});

test("two connections to one destination deliver twice, each under an id of its own", async () => {
  await using receiver = await startReceiver();
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await addSource(call);
  const destination = await addDestination(call, receiver.url);
  const roads = [
    await connect(call, source, destination),
    await connect(call, source, destination, { transform_expression: '{"twice": $.n * 2}' }),
    await connect(call, source, destination, { filter_rules: [{ field: "payload.n", op: "gt", value: 100 }] }),
  ];
  const id = await sendEvent(gateway, source, { n: 4 });
  const requests = await receiver.waitFor(2);
  expect(requests.map(({ body }) => body.toString()).toSorted()).toEqual(['{"n":4}', '{"twice":8}']);
  expect(new Set(requests.map(({ headers }) => headers["webhook-id"])).size).toBe(2);
  expect(new Set(requests.map(({ headers }) => headers["x-hookstream-event-id"]))).toEqual(new Set([id]));
  await vi.waitFor(async () => {
    const { event } = (await call("GET", `/v1/events/${id}`)).body;
    expect(event.status).toBe("delivered");
    const tried: readonly { connection_id: string }[] = event.delivery_attempts;
    expect(new Set(tried.map((each) => each.connection_id))).toEqual(new Set([roads[0]!.id, roads[1]!.id]));
  }, 10_000);
  expect(receiver.requests).toHaveLength(2);
});

test("Krafter shows retries as the waits that they are, and what it shows, sent back, changes nothing", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await makeSource(gateway, {});
  const made = await makeDestination(gateway, source, { url: "http://127.0.0.1:1/" });
  const path = `/v1/destinations/${bare(made.id)}`;
  const rows: readonly [sent: object, shown: readonly number[]][] = [
    [{ retry_max_attempts: 2, timeout_ms: 1_500 }, [17, 19]],
    [{ retry_backoff_type: "fixed", retry_intervals: [5], retry_max_attempts: 3 }, [5, 5, 5]],
    // A wait that Krafter would not take.
    [{ retry_backoff_type: "linear", retry_intervals: [604_800] }, [604_800, 1_209_600, 1_814_400]],
    [{ retry_enabled: false }, []],
  ];
  for (const [body, retry_schedule] of rows) {
    const { destination } = (await call("PATCH", path, { body })).body;
    const shown = (await gateway.request("GET", made.path)).body.data;
    expect([body, shown]).toMatchObject([body, { retry_schedule, timeout_seconds: 2 }]);
    const back = await gateway.request("PATCH", made.path, shown);
    expect([body, back.status, back.body.data]).toEqual([body, 200, shown]);
    expect((await call("GET", path)).body.destination).toEqual(destination);
  }
  // A schedule takes the place of all that, and null brings Krafter's own back.
  const patch = async (body: object): Promise<object> => {
    const data: object = (await gateway.request("PATCH", made.path, body)).body.data;
    return data;
  };
  expect(await patch({ retry_schedule: [3, 4] })).toMatchObject({ retry_schedule: [3, 4] });
  const scheduled = { retry_enabled: 1, retry_intervals: "[3,4]", retry_max_attempts: 2 };
  expect((await call("GET", path)).body.destination).toMatchObject(scheduled);
  expect(await patch({ retry_schedule: null })).toMatchObject({ retry_schedule: null });
  expect((await call("GET", path)).body.destination.retry_intervals).toBe("[17,19,23,31]");
});

const rule = { field: "payload.n", op: "gt", value: 1 } as const;

test("what one API says of filter, transform and circuit, the other shows, changes, and leaves alone", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await makeSource(gateway, {});
  const own = {
    filter_rules: [rule],
    transform_expression: "$",
    circuit_breaker_enabled: true,
    circuit_breaker_threshold: 7,
    circuit_breaker_reset_seconds: 90,
  };
  const made = await makeDestination(gateway, source, { url: "http://127.0.0.1:1/", ...own });
  const path = `/v1/destinations/${bare(made.id)}`;
  const { id: connectionId } = (await call("GET", "/v1/connections")).body.connections[0];
  const [connectionPath, circuit] = [`/v1/connections/${connectionId}`, `${path}/circuit`];
  const there = { filter_rules: JSON.stringify([rule]), transform_enabled: 1, transform_expression: "$" };
  expect((await call("GET", connectionPath)).body.connection).toMatchObject(there);
  expect((await call("GET", path)).body.destination).toMatchObject({
    circuit_breaker_enabled: 1,
    circuit_breaker_threshold: 7,
    circuit_breaker_reset_ms: 90_000,
  });
  expect((await call("GET", circuit)).body.circuit).toMatchObject({ state: "closed", threshold: 7, reset_ms: 90_000 });

  // What it does not speak of stays: sign-in, method, a wait in milliseconds, an expression that is off.
  const other = { ...rule, op: "lt" };
  const auth = { auth_type: "bearer", auth_config: { token: "0123456789abcdef" }, method: "PUT" };
  await call("PATCH", path, { body: { ...auth, circuit_breaker_threshold: 3, circuit_breaker_reset_ms: 1_500 } });
  await call("PATCH", connectionPath, { body: { name: "Road", filter_rules: [other], transform_enabled: false } });
  const shown = (await gateway.request("GET", made.path)).body.data;
  expect(shown).toMatchObject({
    filter_rules: [other],
    transform_enabled: false,
    transform_expression: "$",
    circuit_breaker_enabled: true,
    circuit_breaker_threshold: 3,
    circuit_breaker_reset_seconds: 2,
  });
  const { destination } = (await call("GET", path)).body;
  const { connection } = (await call("GET", connectionPath)).body;
  const url = "http://127.0.0.1:1/other";
  for (const body of [shown, { url }]) {
    const changed = await gateway.request("PATCH", made.path, body);
    expect([changed.status, changed.body.data]).toEqual([200, { ...shown, ...body, updated_at: expect.any(String) }]);
    expect((await call("GET", connectionPath)).body.connection).toEqual(connection);
  }
  expect((await call("GET", path)).body.destination).toEqual({ ...destination, url, updated_at: expect.any(String) });
  await call("PATCH", path, { body: { timeout_ms: 5_000 } });
  expect((await gateway.request("GET", made.path)).body.data).toMatchObject({ filter_rules: [other], url });

  const nulls = { filter_rules: null, transform_expression: null, circuit_breaker_enabled: false };
  await gateway.request("PATCH", made.path, nulls);
  const reset = { filter_rules: null, transform_expression: null, transform_enabled: 0, name: "Road" };
  expect((await call("GET", connectionPath)).body.connection).toMatchObject(reset);
  expect((await call("GET", circuit)).body.circuit).toMatchObject({ enabled: 0, threshold: 3, reset_ms: 1_500 });
});

test("of several connections between the same two, Krafter's view is about the first", async () => {
  await using receiver = await startReceiver();
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await makeSource(gateway, { require_signature: false });
  const made = await makeDestination(gateway, source, { url: receiver.url, filter_rules: [rule] });
  const second = await connect(call, { id: bare(source.id) }, { id: bare(made.id) }, { filter_rules: [rule] });
  const other = await addSource(call);
  const third = await connect(call, other, { id: bare(made.id) }, { transform_expression: '{"third": true}' });
  const changes = { filter_rules: null, transform_expression: '{"own": $.n}' };
  const changed = await gateway.request("PATCH", made.path, changes);
  expect(changed.body.data).toMatchObject({ ...changes, transform_enabled: true });
  const shown = async ({ id }: { id: string }): Promise<object> => {
    const connection: object = (await call("GET", `/v1/connections/${id}`)).body.connection;
    return connection;
  };
  expect(await shown(second)).toMatchObject({ filter_rules: JSON.stringify([rule]), transform_expression: null });
  expect(await shown(third)).toMatchObject({ filter_rules: null, transform_expression: '{"third": true}' });
  await post(source, { headers: json, body: '{"n":1}' });
  await sendEvent(gateway, other, { n: 1 });
  const bodies = (await receiver.waitFor(2)).map(({ body }) => body.toString());
  expect(bodies.toSorted()).toEqual(['{"own":1}', '{"third":true}']);
});
