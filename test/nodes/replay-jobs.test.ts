import { expect, test } from "vitest";

import { eventually } from "../support/engine.ts";
import type { TestGateway } from "../support/gateway.ts";
import { addDestination, addSource, callerOf, connect, sendEvent } from "../support/hookstream.ts";
import { startReceiver } from "../support/receiver.ts";
import { freshDirectory } from "../support/store.ts";
import { makeDestination, makeSource, startTwo } from "./_nodes.ts";

/** Makes things until one is of a node's. */
const until = async (node: TestGateway, make: () => Promise<string>): Promise<string> => {
  for (;;) {
    const id = await make();
    if (node.gateway.membership!.standingOf(id) === "ours") return id;
  }
};

const dashed = (id: string): string => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

test("what a job makes is tried once, also by a node that has not heard of the job", async () => {
  await using receiver = await startReceiver({ status: 500 });
  const [first, second] = await startTwo(freshDirectory());
  const call = callerOf(first);
  const source = await addSource(call);
  const count = 10;
  for (let n = 0; n < count; n += 1) await sendEvent(first, source, { n });
  const destinationId = await until(second, async () => {
    const made = await addDestination(call, receiver.url, { retry_intervals: [1], circuit_breaker_enabled: false });
    return dashed(made.id);
  });
  await connect(call, source, { id: destinationId });
  const wish = { destination_id: destinationId, from: "2020-01-01T00:00:00Z", to: "2199-01-01T00:00:00Z" };
  // Of jobs that the other one works on; now and then it looks for what is new by itself, and may do so in time.
  for (let jobs = 1, others = 0; others < 3; jobs += 1) {
    // It knows of the destination, so nothing else has it look.
    await callerOf(second)("GET", `/v1/destinations/${destinationId}`);
    const { id } = (await call("POST", "/v1/replay", { body: { ...wish, rate_limit: 100 } })).body.job;
    if (first.gateway.membership!.standingOf(dashed(id)) === "ours") others += 1;
    await eventually(async () => {
      const shown = (await call("GET", `/v1/replay/${id}`)).body.job;
      expect(shown).toMatchObject({ status: "completed", failed: count });
    });
    expect(receiver.requests).toHaveLength(jobs * count);
  }
});

test("a bulk replay that one node cancels is not sent by another from then on", async () => {
  await using receiver = await startReceiver();
  const [first, second] = await startTwo(freshDirectory());
  const source = await makeSource(first);
  for (let sent = 0; sent < 600; sent += 1) await first.request("POST", source.path, { sent });
  const destinationId = await until(second, () => makeDestination(first, source, { url: receiver.url }));
  const path = `/webhooks/sources/${source.id}/replays`;
  const cancel = (id: string) => first.request("DELETE", `${path}/${id}`);
  const wish = { rate_per_second: 200, destination_ids: [destinationId] };
  const start = async (): Promise<string> => String((await first.request("POST", path, wish)).body.data.id);
  let id = await start();
  while (second.gateway.membership!.standingOf(id) !== "ours") {
    await cancel(id);
    id = await start();
  }
  const before = receiver.requests.length;
  await receiver.waitFor(before + 60);
  expect((await cancel(id)).body.data.status).toBe("cancelled");
  const atAnswer = receiver.requests.length;
  await eventually(async () => {
    const { queued, succeeded, cancelled } = (await first.request("GET", `${path}/${id}`)).body.data;
    expect(succeeded + cancelled).toBe(queued);
    expect(second.gateway.replays.knows(id)).toBe(false);
  });
  // What is under way, and a quarter of a second until the other one has heard of it.
  expect(receiver.requests.length - atAnswer).toBeLessThanOrEqual(16 + 50);
});
