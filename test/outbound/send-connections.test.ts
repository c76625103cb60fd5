import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";

import { describe, expect, test } from "vitest";

import { outcome, post, startOutbound } from "../support/outbound.ts";
import { startRawReceiver, startReceiver } from "../support/receiver.ts";

/** A connection is back in the pool one turn of the event loop after its answer. */
const idle = (): Promise<void> => turn();

describe("a connection", () => {
  test("serves one request after the other", async () => {
    await using receiver = await startReceiver();
    await using outbound = startOutbound();
    for (let count = 0; count < 20; count += 1) {
      expect(outcome(await post(outbound, receiver.url))).toBe(200);
      await idle();
    }
    expect(receiver.connections).toBe(1);
  });

  test("is not written to when by then nothing is to be sent any more", async () => {
    await using receiver = await startReceiver();
    await using outbound = startOutbound();
    let asked = 0;
    const mayGo = (): boolean => (asked += 1) > 1;
    const refused = await post(outbound, receiver.url, { mayGo });
    expect(refused).toMatchObject({ kind: "unavailable", message: expect.stringContaining("not to be sent any more") });
    expect(outcome(await post(outbound, receiver.url, { mayGo }))).toBe(200);
    expect(asked).toBe(2);
    expect(receiver.requests).toHaveLength(1);
  });

  test("is not waited for: 256 requests are in flight at once", async () => {
    const release = Promise.withResolvers<void>();
    await using receiver = await startReceiver(async (_request, response) => {
      await release.promise;
      response.end();
    });
    await using outbound = startOutbound();
    const sent = Array.from({ length: 256 }, () => post(outbound, receiver.url));
    await receiver.waitFor(256);
    release.resolve();
    expect(new Set((await Promise.all(sent)).map(outcome))).toEqual(new Set([200]));
    expect(receiver.connections).toBe(256);
  });

  const okay = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

  /** Answers the first request on the first connection; what then comes is met by `then`. */
  const answeringOnce = (then: (socket: Socket, request: number) => void) => {
    let requests = 0;
    return startRawReceiver((socket) =>
      socket.on("data", () => {
        requests += 1;
        if (requests === 1) socket.write(okay);
        else then(socket, requests);
      }),
    );
  };

  test.for(["end", "reset"] as const)(
    "from the pool that is met with %s before an answer is replaced at once",
    async (how) => {
      await using receiver = await answeringOnce((socket, request) => {
        if (request === 3) socket.write(okay);
        else if (how === "end") socket.end();
        else socket.resetAndDestroy();
      });
      await using outbound = startOutbound();
      expect(outcome(await post(outbound, receiver.url))).toBe(200);
      await idle();
      expect(outcome(await post(outbound, receiver.url))).toBe(200);
      expect(receiver.connections).toBe(2);
    },
  );

  test("from the pool is replaced once, not for ever", async () => {
    let met = 0;
    await using receiver = await answeringOnce((socket) => {
      met += 1;
      socket.resetAndDestroy();
    });
    await using outbound = startOutbound();
    expect(outcome(await post(outbound, receiver.url))).toBe(200);
    await idle();
    expect(await post(outbound, receiver.url)).toMatchObject({ code: "reset", beforeAnswerOnReusedSocket: true });
    expect([met, receiver.connections]).toEqual([2, 2]);
  });

  test("from the pool is replaced by a new one, not by another old one", async () => {
    // A receiver that restarts leaves dead connections behind, and the first try finds only one of them.
    const release = Promise.withResolvers<void>();
    const sockets: Socket[] = [];
    let requests = 0;
    await using receiver = await startRawReceiver((socket) => {
      sockets.push(socket);
      const isOld = sockets.length <= 5;
      socket.on("data", () => {
        requests += 1;
        if (!isOld) socket.write(okay);
        else if (requests <= 5) void release.promise.then(() => socket.write(okay));
        else socket.resetAndDestroy();
        if (requests === 5) release.resolve();
      });
    });
    await using outbound = startOutbound();
    const first = await Promise.all(Array.from({ length: 5 }, () => post(outbound, receiver.url)));
    expect(first.map(outcome)).toEqual([200, 200, 200, 200, 200]);
    await idle();
    expect(outcome(await post(outbound, receiver.url))).toBe(200);
  });

  test("from the pool whose answer had begun is not replaced", async () => {
    await using receiver = await answeringOnce((socket) =>
      socket.write("HTTP/1.1 2", () => setImmediate(() => socket.resetAndDestroy())),
    );
    await using outbound = startOutbound();
    expect(outcome(await post(outbound, receiver.url))).toBe(200);
    await idle();
    expect(await post(outbound, receiver.url)).toMatchObject({ code: "reset", beforeAnswerOnReusedSocket: false });
    expect(receiver.connections).toBe(1);
  });

  test("from the pool that the receiver closed in the meantime is not used", async () => {
    await using receiver = await startRawReceiver((socket) =>
      socket.on("data", () => socket.write(okay, () => socket.end())),
    );
    await using outbound = startOutbound();
    for (let count = 0; count < 5; count += 1) {
      expect(outcome(await post(outbound, receiver.url))).toBe(200);
      await idle();
    }
  });

  test("is replaced within the deadline of the request, not with a new one", async () => {
    await using receiver = await answeringOnce((socket, request) => {
      if (request === 2) setTimeout(() => socket.resetAndDestroy(), 1_200);
    });
    await using outbound = startOutbound();
    expect(outcome(await post(outbound, receiver.url))).toBe(200);
    await idle();
    const result = await post(outbound, receiver.url, { timeoutMs: 1_500 });
    expect(result).toMatchObject({ code: "timeout", beforeAnswerOnReusedSocket: true });
    // With a new one it would be 2,700.
    expect(result.durationMs).toBeLessThan(2_400);
  });

  test("is closed after its answer while more than 1,024 others are idle", async () => {
    await using receiver = await startReceiver();
    await using outbound = startOutbound({ egressAllow: ["*.localhost"] });
    const postFrom = async (first: number, count: number): Promise<void> => {
      const urls = Array.from({ length: count }, (_, at) => `http://app-${first + at}.localhost:${receiver.port}/`);
      const results = await Promise.all(urls.map((url) => post(outbound, url)));
      expect(results.map(outcome)).toEqual(urls.map(() => 200));
    };
    // Many at once while there is room: the first must not have been idle for too long when the last comes.
    for (let first = 0; first < 1_000; first += 50) await postFrom(first, 50);
    for (let first = 1_000; first < 1_100; first += 1) await postFrom(first, 1);
    await expect.poll(() => receiver.openConnections).toBeLessThanOrEqual(1_026);
    expect(receiver.connections).toBe(1_100);
    expect(receiver.openConnections).toBeGreaterThan(1_000);
  });

  test("is closed after a request that was given up", async () => {
    const closed = Promise.withResolvers<void>();
    await using receiver = await startRawReceiver((socket) => socket.resume().once("close", () => closed.resolve()));
    await using outbound = startOutbound();
    expect(outcome(await post(outbound, receiver.url, { timeoutMs: 100 }))).toBe("timeout");
    await closed.promise;
  });
});
