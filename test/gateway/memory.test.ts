import { expect, test } from "vitest";

import { laneBytesMax, windowMax } from "../../src/delivery/lane.ts";
import { startChild } from "../support/child.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { eventually, makeDestination, makeSource, post } from "../support/journey.ts";
import { startReceiver } from "../support/receiver.ts";

const mebibyte = 1024 * 1024;

/** What the process holds once everything that can be freed is freed. */
const heldBytes = (): number => {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc");
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const bodiesInMemory = async (gateway: TestGateway): Promise<number> => {
  const text = await gateway.core.metrics.text();
  return Number(/^postern_ingest_bodies_in_memory_bytes (\S+)$/m.exec(text)?.[1]);
};

test(
  "invariant 9: 10,000 slow senders cost what they sent, and not what they announced",
  { timeout: 120_000 },
  async () => {
    // To open that many takes a busy machine longer than a request may take.
    const gateway = await startGateway({ timeouts: { requestMs: 120_000 } });
    const source = await makeSource(gateway, { provider: "generic", require_signature: false });
    const before = heldBytes();

    const senders = 10_000;
    const child = startChild("gateway/_slow-senders.ts", source.url, String(senders));
    await child.waitForLines(1);
    await eventually(
      () => bodiesInMemory(gateway),
      (bytes) => bytes === senders * 100,
    );

    const perSender = (heldBytes() - before) / senders;
    // They announced 200,000 bytes each: 2 GB. A connection of Node's costs about 10 KiB.
    expect(perSender).toBeLessThan(24 * 1024);
    // The gateway still takes events from others.
    expect((await post(source, { headers: {}, body: "{}" })).status).toBe(200);

    await child.kill();
    await eventually(
      () => bodiesInMemory(gateway),
      (bytes) => bytes === 0,
    );
  },
);

test("invariant 9: a backlog of 100,000 deliveries stays in the store", { timeout: 120_000 }, async () => {
  const gateway = await startGateway();
  await using receiver = await startReceiver((_request: unknown) => {
    // Never answers: all slots of the lane are taken, and the rest piles up.
  });
  const source = await makeSource(gateway, { provider: "generic", require_signature: false });
  await makeDestination(gateway, source, { url: receiver.url, timeout_seconds: 60 });
  const routed = gateway.core.table.source(source.id)!;
  const body = Buffer.alloc(1024, "x");
  const receive = async (): Promise<void> => {
    const receivedAtMs = gateway.clock.nowMs();
    const incoming = {
      via: "slug",
      method: "POST",
      query: "",
      headers: [],
      body,
      senderAddress: null,
      receivedAtMs,
    } as const;
    const receipt = await gateway.gateway.receive(routed, incoming);
    if (receipt.kind !== "stored") throw new Error(receipt.kind);
  };
  const receiveMany = async (count: number): Promise<void> => {
    let left = count;
    await Promise.all(
      Array.from({ length: 512 }, async () => {
        while (left > 0) {
          left -= 1;
          await receive();
        }
      }),
    );
  };
  // The window fills first; from then on nothing may grow.
  await receiveMany(windowMax * 5);
  const before = heldBytes();
  await receiveMany(100_000);
  expect(heldBytes() - before).toBeLessThan(16 * mebibyte);
  expect(gateway.gateway.delivery.lanes.heldBytes).toBeLessThanOrEqual(laneBytesMax);
  expect(gateway.gateway.delivery.lanes.states().backlogged).toBe(1);
});
