import { expect, test, vi } from "vitest";

import { startGateway } from "../../support/gateway.ts";
import {
  addDestination,
  addSource,
  type Call,
  callerOf,
  connect,
  type Made,
  refusalOf,
  sendEvent,
} from "../../support/hookstream.ts";
import { startReceiver } from "../../support/receiver.ts";

const statusOf = async (call: Call, eventId: string): Promise<unknown> =>
  (await call("GET", `/v1/events/${eventId}`)).body.event.status;

const until = (call: Call, eventId: string, status: string): Promise<void> =>
  vi.waitFor(async () => expect(await statusOf(call, eventId)).toBe(status), 10_000);

const road = (event_id: string, connection: Made) => ({
  event_id,
  connection_id: connection.id,
  destination_id: connection["destination_id"],
});

test("an event is retried where it has failed, and nowhere else", async () => {
  await using good = await startReceiver();
  await using bad = await startReceiver();
  bad.respondWith({ status: 500 }, { status: 200 });
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await addSource(call);
  const taking = await addDestination(call, good.url);
  const refusing = await addDestination(call, bad.url, { retry_enabled: false, name: "Billing" });
  await connect(call, source, taking);
  const failing = await connect(call, source, refusing);
  const id = await sendEvent(gateway, source, { n: 1 });
  await until(call, id, "failed");

  await call("PATCH", `/v1/destinations/${refusing.id}`, { body: { status: "disabled" } });
  const off = await call("POST", `/v1/events/${id}/retry`);
  expect([off.status, off.body]).toEqual([
    200,
    { retried: [], errors: ["Destination 'Billing' is disabled"], message: "Nothing is sent once more" },
  ]);
  await call("PATCH", `/v1/destinations/${refusing.id}`, { body: { status: "active" } });
  // Filters decide what is taken in; a person decides what is sent again.
  const filter_rules = [{ field: "payload.n", op: "eq", value: 2 }];
  await call("PATCH", `/v1/connections/${failing.id}`, { body: { filter_rules } });
  const retried = await call("POST", `/v1/events/evt_${id}/retry`);
  expect([retried.status, retried.body]).toEqual([
    200,
    { retried: [road(id, failing)], errors: [], message: "1 delivery is sent once more" },
  ]);
  await until(call, id, "delivered");
  expect([good.requests.length, bad.requests.length]).toEqual([1, 2]);
  const again = await call("POST", `/v1/events/${id}/retry`);
  expect([again.status, again.body]).toEqual([200, { retried: [], errors: [], message: "No delivery has failed" }]);
});

test("many events are retried at once, and what is wrong with some is told", async () => {
  await using receiver = await startReceiver();
  receiver.respondWith({ status: 500 }, { status: 500 }, { status: 200 });
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await addSource(call);
  const destination = await addDestination(call, receiver.url, { retry_enabled: false });
  const connection = await connect(call, source, destination);
  const first = await sendEvent(gateway, source, { n: 1 });
  await until(call, first, "failed");
  const second = await sendEvent(gateway, source, { n: 2 });
  await until(call, second, "failed");
  const third = await sendEvent(gateway, source, { n: 3 });
  await until(call, third, "delivered");

  const key = await gateway.newKey({ env: "staging" });
  const foreign = await call("POST", "/v1/events/retry", { key, body: { event_ids: [first] } });
  expect([foreign.status, foreign.body]).toEqual([
    200,
    { retried: [], errors: [`Event ${first} not found`], message: "Nothing is sent once more" },
  ]);
  const unknown = "0".repeat(32);
  const event_ids = [first, second, `evt_${second}`, third, unknown];
  const retried = await call("POST", "/v1/events/retry", { body: { event_ids } });
  expect([retried.status, retried.body]).toEqual([
    200,
    {
      retried: [road(first, connection), road(second, connection)],
      errors: [`Event ${unknown} not found`],
      message: "2 deliveries are sent once more",
    },
  ]);
  await until(call, first, "delivered");
  await until(call, second, "delivered");
  expect(receiver.requests).toHaveLength(5);

  const rows: readonly [body: object, problem: string][] = [
    [{}, "'event_ids' is required"],
    [{ event_ids: [] }, "'event_ids' must have at least 1 entries"],
    [{ event_ids: ["x"] }, "'event_ids[0]' must be an id of 32 hex digits"],
    [{ event_ids: first }, "'event_ids' must be an array"],
    [{ event_ids: Array.from({ length: 101 }, () => first) }, "'event_ids' must have at most 100 entries"],
  ];
  for (const [body, problem] of rows) {
    const refused = await call("POST", "/v1/events/retry", { body });
    expect([body, refused.status, refused.body]).toEqual([body, ...refusalOf(400, `Invalid body: ${problem}`)]);
  }
  for (const [path, asKey] of [
    [`/v1/events/${first}/retry`, key],
    [`/v1/events/${unknown}/retry`, gateway.key],
  ] as const) {
    const refused = await call("POST", path, { key: asKey });
    expect([path, refused.status, refused.body]).toEqual([path, ...refusalOf(404, "Event not found")]);
  }
});
