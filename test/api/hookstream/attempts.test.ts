import { expect, test, vi } from "vitest";

import { startGateway, type TestGateway } from "../../support/gateway.ts";
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

type List = { readonly delivery_attempts: readonly Made[]; readonly pagination: Readonly<Record<string, unknown>> };

const list = async (call: Call, query = ""): Promise<List> => {
  const answer = await call("GET", `/v1/delivery-attempts${query}`);
  if (answer.status !== 200) throw new Error(answer.text);
  const found: List = answer.body;
  return found;
};

const untilTried = (call: Call, count: number): Promise<readonly Made[]> =>
  vi.waitFor(async () => {
    const { delivery_attempts: attempts } = await list(call, "?limit=100");
    expect(attempts).toHaveLength(count);
    return attempts;
  }, 10_000);

const wireId = expect.stringMatching(/^[0-9a-f]{32}$/);
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

test("an attempt shows what was sent and answered, and of credentials nothing", async () => {
  await using receiver = await startReceiver();
  receiver.respondWith({ status: 503, body: "not now", headers: { "x-told": "a" } });
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await addSource(call);
  const destination = await addDestination(call, receiver.url, {
    name: "Billing",
    method: "PUT",
    headers: { "X-Team": "the-team-secret" },
    auth_type: "bearer",
    auth_config: { token: "the-token-secret" },
    signing_config: { secret: "s" },
    retry_max_attempts: 1,
    retry_intervals: [30],
  });
  const connection = await connect(call, source, destination, { name: "All" });
  const event_id = await sendEvent(gateway, source, { hello: "world" });
  const [first] = await untilTried(call, 1);
  const base = {
    id: wireId,
    event_id,
    connection_id: connection.id,
    destination_id: destination.id,
    request_url: receiver.url,
    request_method: "PUT",
    request_headers: expect.any(String),
    request_body_size: 17,
    response_status: 503,
    response_headers: expect.any(String),
    response_body: "not now",
    duration_ms: expect.any(Number),
    status: "failed",
    error: expect.any(String),
    attempt_number: 1,
    next_retry_at: instant,
    is_dlq: 0,
    dlq_at: null,
    trigger_type: "initial",
    created_at: instant,
    connection_name: "All",
    destination_name: "Billing",
  };
  expect(first).toEqual({
    ...base,
    request_url: expect.stringContaining(receiver.url),
    next_retry_at: instant,
  });
  expect(Object.keys(first!)).toEqual(Object.keys(base));
  expect(JSON.parse(String(first!["request_headers"]))).toMatchObject({
    authorization: "[redacted]",
    "x-team": "[redacted]",
    "x-hookstream-event-id": event_id,
    "x-hookstream-delivery-attempt": "1",
  });
  expect(JSON.parse(String(first!["response_headers"]))).toMatchObject({ "x-told": "a" });
  expect(JSON.stringify(first)).not.toMatch(/the-(team|token)-secret/);
  expect(receiver.requests[0]!.headers["authorization"]).toBe("Bearer the-token-secret");

  gateway.clock.advance(30_000);
  const [last] = await untilTried(call, 2);
  expect(last).toMatchObject({
    attempt_number: 2,
    trigger_type: "retry",
    next_retry_at: null,
    is_dlq: 1,
    dlq_at: instant,
  });
  const path = `/v1/delivery-attempts/${last!.id}`;
  expect((await call("GET", path)).body).toEqual({ delivery_attempt: last });
  expect((await call("GET", `/v1/events/${event_id}`)).body.event.delivery_attempts).toEqual([first, last].map(shown));

  const stranger = await gateway.newKey({ env: "staging" });
  const missing = refusalOf(404, "Delivery attempt not found");
  for (const [method, to, key] of [
    ["GET", path, stranger],
    ["POST", `${path}/retry`, stranger],
    ["GET", `/v1/delivery-attempts/${"0".repeat(32)}`, gateway.key],
    ["POST", "/v1/delivery-attempts/x/retry", gateway.key],
  ] as const) {
    const refused = await call(method, to, { key });
    expect([method, to, refused.status, refused.body]).toEqual([method, to, ...missing]);
  }
  expect((await call("GET", "/v1/delivery-attempts", { key: stranger })).body.delivery_attempts).toEqual([]);
});

/** What has been tried again is not waiting for it any more. */
const shown = (attempt: Made | undefined): unknown => ({ ...attempt, next_retry_at: null });

/** Two sources, and two destinations: one takes what it gets, the other does not. */
const startFilled = async (good: string, bad: string) => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const [one, two] = [await addSource(call), await addSource(call)];
  const taking = await addDestination(call, good);
  const refusing = await addDestination(call, bad, { retry_enabled: false });
  const roads = [
    await connect(call, one, taking),
    await connect(call, one, refusing),
    await connect(call, two, taking),
  ];
  return { gateway, call, one, two, taking, refusing, roads };
};

const refusedTimes = (gateway: TestGateway, source: Made): Promise<string[]> =>
  Promise.all([0, 1].map((n) => sendEvent(gateway, source, { n })));

test("attempts are listed by all that there is to filter by, newest first, and page by page", async () => {
  await using good = await startReceiver();
  await using bad = await startReceiver();
  bad.respondWith({ status: 500 });
  const { gateway, call, one, two, taking, refusing, roads } = await startFilled(good.url, bad.url);
  const [first] = await refusedTimes(gateway, one);
  await sendEvent(gateway, two);
  const all = await untilTried(call, 5);
  const ids = all.map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted().toReversed());
  const where = (wanted: Readonly<Record<string, unknown>>): string[] =>
    all.filter((each) => Object.entries(wanted).every(([name, value]) => each[name] === value)).map(({ id }) => id);
  const rows: readonly [query: string, found: readonly string[]][] = [
    ["", ids],
    [`event_id=${first}`, where({ event_id: first })],
    [`destination_id=${taking.id}`, where({ destination_id: taking.id })],
    [`destination_id=dst_${refusing.id}`, where({ destination_id: refusing.id })],
    [`connection_id=${roads[2]!.id}`, where({ connection_id: roads[2]!.id })],
    ["status=success", where({ status: "success" })],
    ["status=failed", where({ status: "failed" })],
    ["is_dlq=1", where({ is_dlq: 1 })],
    ["is_dlq=0", where({ is_dlq: 0 })],
    [`event_id=${first}&status=failed`, where({ event_id: first, status: "failed" })],
    [`event_id=${"0".repeat(32)}`, []],
    [`connection_id=${"0".repeat(32)}`, []],
  ];
  expect(where({ is_dlq: 1 })).toHaveLength(2);
  for (const [query, found] of rows) {
    const { delivery_attempts: attempts, pagination } = await list(call, `?${query}`);
    expect([query, attempts.map(({ id }) => id)]).toEqual([query, found]);
    const total = found.length;
    expect([query, pagination]).toEqual([query, { total, limit: 50, offset: 0, has_more: false, next_cursor: null }]);
  }
  const page = await list(call, "?limit=2");
  expect(page.pagination).toEqual({ total: 5, limit: 2, offset: 0, has_more: true, next_cursor: ids[1] });
  const next = await list(call, `?limit=2&cursor=${ids[1]}`);
  expect(next.delivery_attempts.map(({ id }) => id)).toEqual(ids.slice(2, 4));
  expect(next.pagination).toEqual({ total: 5, limit: 2, offset: 0, has_more: true, next_cursor: ids[3] });
  const byOffset = await list(call, "?limit=2&offset=4");
  expect(byOffset.delivery_attempts.map(({ id }) => id)).toEqual(ids.slice(4));
  expect(byOffset.pagination).toEqual({ total: 5, limit: 2, offset: 4, has_more: false, next_cursor: null });

  for (const [query, problem] of [
    ["status=pending", "'status' must be one of success, failed"],
    ["is_dlq=yes", "'is_dlq' must be one of 0, 1"],
    ["event_id=x", "'event_id' must be an id of 32 hex digits"],
    [`cursor=${ids[0]}&offset=1`, "'offset' can't be combined with cursor"],
  ] as const) {
    const refused = await call("GET", `/v1/delivery-attempts?${query}`);
    expect([query, refused.status, refused.body]).toEqual([query, ...refusalOf(400, `Invalid query: ${problem}`)]);
  }
  await call("DELETE", `/v1/destinations/${refusing.id}`);
  expect((await list(call)).delivery_attempts.map(({ id }) => id)).toEqual(where({ destination_id: taking.id }));
  await call("DELETE", `/v1/sources/${one.id}`);
  expect((await list(call)).delivery_attempts.map(({ id }) => id)).toEqual(where({ connection_id: roads[2]!.id }));
});

test("what is rare is found behind a thousand others", async () => {
  await using good = await startReceiver();
  await using bad = await startReceiver();
  bad.respondWith({ status: 500 });
  const { gateway, call, one, two, taking, refusing, roads } = await startFilled(good.url, bad.url);
  await sendEvent(gateway, one);
  await untilTried(call, 2);
  await call("DELETE", `/v1/connections/${roads[0]!.id}`);
  await connect(call, two, taking);
  await connect(call, two, taking);
  await Promise.all(Array.from({ length: 400 }, (_, n) => sendEvent(gateway, two, { n })));
  await vi.waitFor(async () => expect((await list(call, "?limit=1")).pagination["total"]).toBe(1_202), 20_000);
  const found = await list(call, "?status=failed&is_dlq=1&limit=1");
  expect(found.delivery_attempts).toMatchObject([{ destination_id: refusing.id }]);
  expect(found.pagination).toMatchObject({ total: 1, has_more: false });
  const ids = new Set<string>();
  for (let cursor = ""; ;) {
    const page = await list(call, `?limit=100${cursor}`);
    for (const { id } of page.delivery_attempts) ids.add(id);
    const { next_cursor: next } = page.pagination;
    if (typeof next !== "string") break;
    cursor = `&cursor=${next}`;
  }
  expect(ids.size).toBe(1_202);
});

test("an attempt is retried along its own connection, whatever became of it", async () => {
  await using good = await startReceiver();
  await using bad = await startReceiver();
  bad.respondWith({ status: 500 }, { status: 200 });
  const { gateway, call, one, refusing, roads } = await startFilled(good.url, bad.url);
  const event_id = await sendEvent(gateway, one, { n: 1 });
  const all = await untilTried(call, 2);
  const failed = all.find(({ status }) => status === "failed")!;
  const retried = await call("POST", `/v1/delivery-attempts/${failed.id}/retry`);
  expect([retried.status, retried.body]).toEqual([200, { delivery_attempt: failed }]);
  const [newest] = await untilTried(call, 3);
  expect(newest).toMatchObject({ event_id, connection_id: roads[1]!.id, status: "success", trigger_type: "retry" });
  expect(bad.requests.map(({ body }) => body.toString())).toEqual(['{"n":1}', '{"n":1}']);
  // The same event along the same connection: its receiver knows it again.
  expect(new Set(bad.requests.map(({ headers }) => headers["x-hookstream-event-id"]))).toEqual(new Set([event_id]));
  expect(good.requests).toHaveLength(1);
  expect((await call("GET", `/v1/events/${event_id}`)).body.event.status).toBe("delivered");

  await call("PATCH", `/v1/destinations/${refusing.id}`, { body: { status: "disabled", name: "Off" } });
  const refused = await call("POST", `/v1/delivery-attempts/${failed.id}/retry`);
  expect([refused.status, refused.body]).toEqual(
    refusalOf(400, "Invalid body: the attempt cannot be retried: Destination 'Off' is disabled"),
  );
  await call("DELETE", `/v1/connections/${roads[1]!.id}`);
  const gone = await call("POST", `/v1/delivery-attempts/${failed.id}/retry`);
  expect([gone.status, gone.body]).toEqual(
    refusalOf(400, `Invalid body: the attempt cannot be retried: Connection ${roads[1]!.id} is deleted`),
  );
});
