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

const span = { from: "2020-01-01T00:00:00Z", to: "2199-01-01T00:00:00Z" };

const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

const untilEnded = (call: Call, id: string): Promise<Made> =>
  vi.waitFor(async () => {
    const { job }: { job: Made } = (await call("GET", `/v1/replay/${id}`)).body;
    expect(job["status"]).toBe("completed");
    return job;
  }, 20_000);

const start = async (call: Call, body: object): Promise<Made> => {
  const made = await call("POST", "/v1/replay", { body: { ...span, rate_limit: 100, ...body } });
  if (made.status !== 201) throw new Error(made.text);
  const { job }: { job: Made } = made.body;
  return job;
};

test("a new destination gets what was stored before it was there, in order, each event tried once", async () => {
  await using receiver = await startReceiver();
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const [one, two] = [await addSource(call), await addSource(call)];
  for (const [n, source] of [one, two, one, two, one].entries()) await sendEvent(gateway, source, { n });
  const destination = await addDestination(call, receiver.url, { ordered: true });
  const roads = [await connect(call, one, destination), await connect(call, two, destination)];

  const job = await start(call, { destination_id: destination.id });
  expect(job).toEqual({ id: expect.stringMatching(/^[0-9a-f]{32}$/), status: "running", total: 5 });
  const ended = await untilEnded(call, job.id);
  expect(ended).toEqual({
    id: job.id,
    destination_id: destination.id,
    connection_id: null,
    source_ids: expect.any(String),
    ...span,
    rate_limit: 100,
    status: "completed",
    total: 5,
    processed: 5,
    succeeded: 5,
    failed: 0,
    started_at: instant,
    completed_at: instant,
    resumes: null,
    resumed_by: null,
  });
  const sourceIds: string[] = JSON.parse(String(ended["source_ids"]));
  expect(new Set(sourceIds)).toEqual(new Set([one.id, two.id]));
  const bodies = (): string[] => receiver.requests.map(({ body }) => body.toString());
  expect(bodies()).toEqual([0, 1, 2, 3, 4].map((n) => `{"n":${n}}`));
  const attempts: readonly Made[] = (await call("GET", "/v1/delivery-attempts")).body.delivery_attempts;
  expect(new Set(attempts.map((attempt) => attempt["trigger_type"]))).toEqual(new Set(["replay"]));

  // One source, one connection, a part of the events.
  await call("PATCH", `/v1/connections/${roads[1]!.id}`, {
    body: { filter_rules: [{ field: "payload.n", op: "gt", value: 1 }] },
  });
  const part = await start(call, { destination_id: destination.id, source_id: two.id, connection_id: roads[1]!.id });
  expect(await untilEnded(call, part.id)).toMatchObject({ total: 2, processed: 2, succeeded: 1, failed: 0 });
  expect(bodies().slice(5)).toEqual(['{"n":3}']);
  const few = await start(call, { destination_id: destination.id, max_events: 2 });
  expect(few["total"]).toBe(2);
  await untilEnded(call, few.id);
  expect(bodies().slice(6)).toEqual(['{"n":0}']);

  receiver.respondWith({ status: 500 });
  const failing = await start(call, {
    destination_id: destination.id,
    source_id: one.id,
    filter: { status: "delivered" },
    max_events: 1,
  });
  expect(await untilEnded(call, failing.id)).toMatchObject({ total: 1, succeeded: 0, failed: 1 });
});

test("what cannot be taken is 400, what is not there or another's is 404", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await addSource(call);
  const other = await addSource(call);
  const destination = await addDestination(call, "http://127.0.0.1:1/");
  const connection = await connect(call, source, destination);
  const sent = { destination_id: destination.id, ...span };
  const unknown = "0".repeat(32);
  const rows: readonly [body: object, status: 400 | 404, error: string][] = [
    [
      { destination_id: undefined, from: undefined, to: undefined },
      400,
      "Invalid body: 'destination_id' is required; 'from' is required; 'to' is required",
    ],
    [{ from: "yesterday" }, 400, "Invalid body: 'from' must be an ISO 8601 time with an offset or Z"],
    [{ to: span.from }, 400, "Invalid body: 'to' must be after from"],
    [{ rate_limit: 101 }, 400, "Invalid body: 'rate_limit' must be at most 100"],
    [{ rate_limit: 0 }, 400, "Invalid body: 'rate_limit' must be at least 1"],
    [{ max_events: 10_001 }, 400, "Invalid body: 'max_events' must be at most 10000"],
    [{ filter: { nonsense: 1 } }, 400, "Invalid body: 'filter' is invalid"],
    [
      { filter: { status: "x" } },
      400,
      "Invalid body: 'filter.status' must be one of received, processing, delivered, failed",
    ],
    [{ destination_id: unknown }, 404, "Destination not found"],
    [{ source_id: unknown }, 404, "Source not found"],
    [{ connection_id: unknown }, 404, "Connection not found"],
    [{ source_id: other.id }, 400, "Invalid body: 'destination_id' has no such connection"],
    [
      { source_id: other.id, connection_id: connection.id },
      400,
      "Invalid body: 'destination_id' has no such connection",
    ],
  ];
  for (const [body, status, error] of rows) {
    const refused = await call("POST", "/v1/replay", { body: { ...sent, ...body } });
    expect([body, refused.status, refused.body]).toEqual([body, ...refusalOf(status, error)]);
  }
  const job = await start(call, sent);
  const key = await gateway.newKey({ env: "staging" });
  const foreign = await call("POST", "/v1/replay", { key, body: sent });
  expect([foreign.status, foreign.body]).toEqual(refusalOf(404, "Destination not found"));
  for (const [id, asKey] of [
    [job.id, key],
    [unknown, gateway.key],
  ] as const) {
    const refused = await call("GET", `/v1/replay/${id}`, { key: asKey });
    expect([id, refused.status, refused.body]).toEqual([id, ...refusalOf(404, "Replay job not found")]);
  }
});

test("a job that is cancelled starts nothing more, and another one goes on where it was, once", async () => {
  await using receiver = await startReceiver();
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await addSource(call);
  const count = 40;
  for (let n = 0; n < count; n += 1) await sendEvent(gateway, source, { n });
  const destination = await addDestination(call, receiver.url);
  await connect(call, source, destination);
  const job = await start(call, { destination_id: destination.id, rate_limit: 20, max_events: 30 });
  const act = (id: string, action: string, body = {}) => call("POST", `/v1/replay/${id}/${action}`, { body });
  const running = await act(job.id, "resume");
  expect([running.status, running.body]).toEqual(refusalOf(409, "The replay job is running; cancel it first"));
  await receiver.waitFor(5);
  const cancelled = await act(job.id, "cancel");
  expect([cancelled.status, cancelled.body.job]).toMatchObject([200, { id: job.id, status: "cancelled", total: 30 }]);

  const resumed = await act(job.id, "resume", { rate_limit: 100 });
  expect([resumed.status, resumed.body]).toEqual([
    201,
    { job: { id: expect.any(String), status: "running", total: expect.any(Number) } },
  ]);
  const { job: later }: { job: Made } = resumed.body;
  const first: Made = (await call("GET", `/v1/replay/${job.id}`)).body.job;
  expect(first).toMatchObject({ status: "cancelled", resumes: null, resumed_by: later.id });
  expect(later["total"]).toBe(30 - Number(first["succeeded"]));
  expect(await untilEnded(call, later.id)).toMatchObject({
    resumes: job.id,
    resumed_by: null,
    rate_limit: 100,
    succeeded: later["total"],
  });
  const numbers = receiver.requests.map(({ body }) => Number(JSON.parse(body.toString()).n));
  expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n));

  for (const [id, error] of [
    [job.id, `The replay job is resumed by ${later.id}`],
    [later.id, "The replay job is completed"],
  ] as const) {
    const refused = await act(id, "resume");
    expect([refused.status, refused.body]).toEqual(refusalOf(409, error));
  }
  const key = await gateway.newKey({ env: "staging" });
  for (const action of ["cancel", "resume"]) {
    const foreign = await call("POST", `/v1/replay/${job.id}/${action}`, { key });
    expect([foreign.status, foreign.body]).toEqual(refusalOf(404, "Replay job not found"));
    const again = await act(later.id, action, { rate_limit: 101 });
    expect(again.status).toBe(action === "resume" ? 400 : 200);
  }
});
