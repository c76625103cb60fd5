import { expect, test } from "vitest";

import { startGateway, type TestGateway } from "../support/gateway.ts";
import {
  eventually,
  listEvents,
  type MadeSource,
  makeDestination,
  makeSource,
  post,
  showDestination,
  showEvent,
  type ShownDestination,
} from "../support/journey.ts";
import { startReceiver } from "../support/receiver.ts";

const event = (number: number): { headers: Record<string, string>; body: string } => ({
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ number }),
});

const statusesOf = async (gateway: TestGateway, source: MadeSource): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { status } of await listEvents(gateway, source)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

test("an event that failed, and is replayed once its receiver is repaired, ends as succeeded", async () => {
  const gateway = await startGateway();
  await using receiver = await startReceiver({ status: 503 });
  const source = await makeSource(gateway, { provider: "generic", require_signature: false });
  await makeDestination(gateway, source, { url: receiver.url, retry_schedule: [] });
  await post(source, event(1));
  await eventually(
    () => statusesOf(gateway, source),
    ({ failed }) => failed === 1,
  );

  receiver.respondWith({ status: 204 });
  const [failed] = await listEvents(gateway, source);
  const path = `/webhooks/sources/${source.id}/events/${failed!.id}`;
  expect((await gateway.request("POST", `${path}/replay`)).status).toBe(202);
  const detail = await eventually(
    () => showEvent(gateway, source, failed!.id),
    ({ status }) => status === "succeeded",
  );
  expect(detail.deliveries.map((each) => [each.status, each.response_status, each.attempt])).toEqual([
    ["failed", 503, 1],
    ["success", 204, 1],
  ]);
});

test("ten exhausted deliveries switch a destination off, what was pending ends as cancelled, and it can be brought back", async () => {
  const gateway = await startGateway();
  await using receiver = await startReceiver({ status: 500 });
  const source = await makeSource(gateway, { provider: "generic", require_signature: false });
  const limits = { max_concurrency: 1, retry_schedule: [] };
  const destination = await makeDestination(gateway, source, { url: receiver.url, ...limits });
  const destinationNow = (): Promise<ShownDestination> => showDestination(gateway, destination);

  // The first waits until all have come, so that fifteen stand in line behind ten failures.
  const gate = Promise.withResolvers<void>();
  receiver.respondWith(async (_request, response) => {
    await gate.promise;
    response.writeHead(500).end();
  });
  await Promise.all(Array.from({ length: 25 }, (_, number) => post(source, event(number))));
  gate.resolve();

  await eventually(destinationNow, ({ enabled }) => !enabled);
  expect(await destinationNow()).toMatchObject({ failure_count: 10, disabled_reason: "failures" });
  await eventually(
    () => statusesOf(gateway, source),
    ({ failed }) => failed === 25,
  );
  expect(receiver.requests.length).toBe(10);
  const pages = await Promise.all((await listEvents(gateway, source)).map(({ id }) => showEvent(gateway, source, id)));
  const cancelled = pages.flatMap(({ deliveries }) => deliveries).filter(({ status }) => status === "cancelled");
  expect(cancelled.length).toBe(15);

  receiver.respondWith({ status: 200 });
  await gateway.request("PATCH", destination.path, { enabled: true });
  await post(source, event(25));
  await receiver.waitFor(11);
  await eventually(destinationNow, ({ failure_count }) => failure_count === 0);
  expect(await destinationNow()).toMatchObject({ enabled: true, disabled_reason: null });

  const replay = await gateway.request("POST", `/webhooks/sources/${source.id}/replays`, { status: "cancelled" });
  expect([replay.status, replay.body.data.total]).toEqual([202, 15]);
  await receiver.waitFor(26);
  await eventually(
    () => statusesOf(gateway, source),
    ({ succeeded }) => succeeded === 16,
  );
});

test("a destination that is switched on again goes on with what is new, whatever still lies behind it", async () => {
  const gateway = await startGateway();
  await using receiver = await startReceiver({ status: 500 });
  const source = await makeSource(gateway, { provider: "generic", require_signature: false });
  const destination = await makeDestination(gateway, source, { url: receiver.url, retry_schedule: [3600] });
  await Promise.all(Array.from({ length: 1200 }, (_, number) => post(source, event(number))));
  await receiver.waitFor(1200);
  await gateway.core.store.settled();

  await gateway.request("PATCH", destination.path, { enabled: false });
  receiver.respondWith({ status: 200 });
  await gateway.request("PATCH", destination.path, { enabled: true });
  await post(source, event(1200));
  const requests = await receiver.waitFor(1201);
  expect(requests.at(-1)!.body.toString()).toBe(event(1200).body);
  await eventually(
    () => statusesOf(gateway, source),
    ({ succeeded }) => succeeded === 1,
  );
  gateway.clock.advance(4_000_000);
  const live = async (): Promise<number> => {
    const answer = await gateway.request("GET", `/webhooks/sources/${source.id}/events?status=forwarding`);
    return Number(answer.body.meta.total);
  };
  await eventually(live, (total) => total === 0);
  expect(receiver.requests.length).toBe(1201);
});

test("410 ends the delivery and switches the destination off at once", async () => {
  const gateway = await startGateway();
  await using receiver = await startReceiver({ status: 410 });
  const source = await makeSource(gateway, { provider: "generic", require_signature: false });
  const destination = await makeDestination(gateway, source, { url: receiver.url });
  await post(source, event(1));
  const now = await eventually(
    () => showDestination(gateway, destination),
    ({ enabled }) => !enabled,
  );
  expect(now.disabled_reason).toBe("gone");
  expect(receiver.requests.length).toBe(1);
});
