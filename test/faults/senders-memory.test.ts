import fc from "fast-check";
import { expect, test } from "vitest";

import { createBodyPieces } from "../../src/api/_body-pieces.ts";
import { startGateway } from "../support/gateway.ts";
import { makeSource } from "../support/journey.ts";
import { openWire } from "../support/wire.ts";

/** What the process holds once everything that can be freed is freed. */
const heldBytes = (): number => {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc");
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

test("invariant 9: a body that comes byte by byte costs about what it holds", async () => {
  const gateway = await startGateway();
  const { slug } = await makeSource(gateway, { provider: "generic", require_signature: false });
  const port = Number(new URL(gateway.url).port);
  const bytesEach = 50_000;
  const senders = 8;
  const before = heldBytes();
  for (let sender = 0; sender < senders; sender += 1) {
    const wire = await openWire(port);
    await wire.send(`POST /in/${slug} HTTP/1.1\r\nhost: gateway.test\r\ntransfer-encoding: chunked\r\n\r\n`);
    await wire.send("1\r\nx\r\n".repeat(bytesEach));
  }
  await expect.poll(() => gateway.gateway.budget.usedBytes, { timeout: 10_000 }).toBe(senders * bytesEach);
  // It was 500 bytes for each: 200 MB.
  expect((heldBytes() - before) / (senders * bytesEach)).toBeLessThan(16);
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
