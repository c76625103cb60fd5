import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";

import { createBodyPieces } from "../../src/api/_body-pieces.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { makeSource } from "../support/journey.ts";
import { openWire } from "../support/wire.ts";

/** What the process holds once everything that can be freed is freed. */
const heldBytes = (): number => {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc");
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** About as small as they may be without end; the parser cuts some of them in two. */
const chunkBytes = 5;
const chunk = "5\r\nxxxxx\r\n";
const chunksEach = 50_000;
const senders = 8;

/** Sends bodies in small chunks, without their end, and gives what each chunk costs beside its bytes once all have come. */
const costPerChunk = async (
  gateway: TestGateway,
  { path, header }: { path: string; header: string },
  untilRead: () => Promise<void>,
): Promise<number> => {
  const port = Number(new URL(gateway.url).port);
  const before = heldBytes();
  for (let sender = 0; sender < senders; sender += 1) {
    const wire = await openWire(port);
    await wire.send(`POST ${path} HTTP/1.1\r\nhost: gateway.test\r\n${header}transfer-encoding: chunked\r\n\r\n`);
    await wire.send(chunk.repeat(chunksEach));
  }
  await untilRead();
  return (heldBytes() - before) / (senders * chunksEach) - chunkBytes;
};

test("invariant 9: an event that comes in small pieces costs about what it holds", async () => {
  const gateway = await startGateway();
  const { slug } = await makeSource(gateway, { provider: "generic", require_signature: false });
  const cost = await costPerChunk(gateway, { path: `/in/${slug}`, header: "" }, async () => {
    await expect
      .poll(() => gateway.gateway.budget.usedBytes, { timeout: 10_000 })
      .toBe(senders * chunksEach * chunkBytes);
  });
  // A buffer for each took 209 bytes of the heap, and 580 of the machine's memory.
  expect(cost).toBeLessThan(16);
});

test("invariant 9: so does what management is sent", async () => {
  const gateway = await startGateway();
  const sockets = new Set<Socket>();
  const onRequest = (message: unknown): void => void sockets.add((message as { socket: Socket }).socket);
  subscribe("http.server.request.start", onRequest);
  onTestFinished(() => void unsubscribe("http.server.request.start", onRequest));
  const bytesRead = (): number => [...sockets].reduce((sum, socket) => sum + socket.bytesRead, 0);
  const cost = await costPerChunk(
    gateway,
    { path: "/api/v1/webhooks/sources", header: `authorization: Bearer ${gateway.key}\r\n` },
    async () => {
      await expect.poll(bytesRead, { timeout: 10_000 }).toBeGreaterThan(senders * chunksEach * chunk.length);
    },
  );
  expect(cost).toBeLessThan(16);
});

test("a body is the same however it was cut", () => {
  const piece = fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ maxLength: 5_000, size: "max" }));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60, size: "max" }), (cut) => {
      const pieces = createBodyPieces();
      for (const each of cut) pieces.add(Buffer.from(each));
      expect(pieces.join().equals(Buffer.concat(cut))).toBe(true);
    }),
  );
});
