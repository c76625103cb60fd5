import { expect, test, vi } from "vitest";

import { startGateway } from "../../support/gateway.ts";
import { addDestination, addSource, callerOf, connect, sendEvent } from "../../support/hookstream.ts";
import { startReceiver } from "../../support/receiver.ts";

test("a circuit is shown open after its failures, closes by hand, and what waited is sent in order", async () => {
  await using receiver = await startReceiver();
  receiver.respondWith({ status: 500 }, { status: 500 }, { status: 200 });
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await addSource(call);
  const destination = await addDestination(call, receiver.url, {
    circuit_breaker_threshold: 2,
    circuit_breaker_reset_ms: 600_000,
    retry_enabled: false,
  });
  await connect(call, source, destination);
  const path = `/v1/destinations/${destination.id}/circuit`;
  const closed = {
    destination_id: destination.id,
    enabled: 1,
    state: "closed",
    failure_count: 0,
    threshold: 2,
    reset_ms: 600_000,
    opened_at: null,
    next_attempt_at: null,
  };
  expect((await call("GET", path)).body).toEqual({ circuit: closed });
  await sendEvent(gateway, source, { n: 0 });
  await vi.waitFor(async () => expect((await call("GET", path)).body.circuit.failure_count).toBe(1), 5_000);
  await sendEvent(gateway, source, { n: 1 });
  await vi.waitFor(async () => expect((await call("GET", path)).body.circuit.state).toBe("open"), 5_000);
  const { circuit } = (await call("GET", path)).body;
  expect(circuit).toEqual({
    ...closed,
    state: "open",
    failure_count: 2,
    opened_at: expect.any(String),
    next_attempt_at: expect.any(String),
  });
  expect(Date.parse(circuit.next_attempt_at) - Date.parse(circuit.opened_at)).toBe(600_000);
  for (const n of [2, 3, 4]) await sendEvent(gateway, source, { n });
  expect(receiver.requests).toHaveLength(2);
  gateway.clock.advance(600_000 - 60_000);
  expect((await call("GET", path)).body.circuit.state).toBe("open");

  const reset = await call("POST", `${path}/reset`);
  expect([reset.status, reset.body]).toEqual([200, { circuit: closed }]);
  const sent = (await receiver.waitFor(5)).slice(2).map(({ body }) => body.toString());
  expect(sent.toSorted()).toEqual(['{"n":2}', '{"n":3}', '{"n":4}']);
  expect((await call("GET", path)).body).toEqual({ circuit: closed });
});
