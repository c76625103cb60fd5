import { describe, expect, test } from "vitest";

import { freePort } from "../../harness/free-port.ts";
import { systemClock, type Clock } from "../../src/lib/clock.ts";
import { startDeafReceiver } from "../support/deaf-receiver.ts";
import { startNameServer } from "../support/name-server.ts";
import { outcome, post, startOutbound, within } from "../support/outbound.ts";
import { startReceiver } from "../support/receiver.ts";

/** Timers run ten times as fast; the monotonic clock does, too. */
const hurriedClock: Clock = {
  ...systemClock,
  monotonicMs: () => systemClock.monotonicMs() * 10,
  after: (delayMs, run) => systemClock.after(delayMs / 10, run),
};

describe("an address that does not accept", () => {
  test("is given up when the time for connecting is over", async () => {
    await using deaf = await startDeafReceiver();
    await using outbound = startOutbound({ connectTimeoutMs: 300 });
    const result = await within(700, () => post(outbound, `http://127.0.0.1:${deaf.port}/`));
    expect(result).toMatchObject({ code: "timeout", message: "the connection was not accepted in time" });
  });

  test("is given up when the time of the request is over", async () => {
    await using deaf = await startDeafReceiver();
    await using outbound = startOutbound();
    const result = await within(600, () => post(outbound, `http://127.0.0.1:${deaf.port}/`, { timeoutMs: 200 }));
    expect(result).toMatchObject({ code: "timeout", message: "there was no connection in time" });
  });

  test("leaves time for the next one", async () => {
    const port = await freePort();
    await using _deaf = await startDeafReceiver({ host: "127.0.0.2", port });
    await using receiver = await startReceiver({}, { port });
    await using nameServer = await startNameServer();
    nameServer.set("receiver.test", ["127.0.0.2", "127.0.0.1"]);
    await using outbound = startOutbound({
      clock: hurriedClock,
      egressAllow: ["127.0.0.0/8"],
      resolver: { servers: [nameServer.address] },
    });
    const url = `http://receiver.test:${port}/`;
    expect(outcome(await post(outbound, url, { timeoutMs: 15_000 }))).toBe(200);
    expect(receiver.requests.length).toBe(1);
  });
});

describe("a connection that is made too late", () => {
  test("carries nothing, and is closed", async () => {
    await using receiver = await startReceiver();
    await using nameServer = await startNameServer();
    // The first question is lost; the resolver asks again.
    nameServer.set("late.test", { each: ["silence", ["127.0.0.1"]] });
    await using outbound = startOutbound({ resolver: { servers: [nameServer.address], timeoutMs: 2_000 } });
    const result = await post(outbound, `http://late.test:${receiver.port}/`, { timeoutMs: 50 });
    expect(result).toMatchObject({ code: "timeout", message: "there was no connection in time" });
    await expect.poll(() => receiver.connections, { timeout: 5_000 }).toBe(1);
    await expect.poll(() => receiver.openConnections).toBe(0);
    expect(receiver.requests).toEqual([]);
  });
});
