import { expect, test } from "vitest";

import { eventually, startEngine } from "../support/engine.ts";
import { startReceiver } from "../support/receiver.ts";

test("what we have no means to send is sent a little later, and charged to nobody", async () => {
  await using receiver = await startReceiver();
  let refused = 0;
  const engine = await startEngine({
    instead: () => {
      if (refused === 3) return null;
      refused += 1;
      return { kind: "unavailable", message: "the gateway could not open a connection (EMFILE)", durationMs: 0 };
    },
  });
  const source = await engine.addSource();
  const destination = await engine.addDestination(source, receiver.url, { retryScheduleSeconds: [] });
  const eventId = await engine.accept(source);
  for (let times = 1; times <= 3; times += 1) {
    await eventually(() => expect(refused).toBe(times));
    await eventually(async () => {
      const { deliveries, attempts } = await engine.story(eventId);
      expect([deliveries, attempts]).toMatchObject([[{ status: "pending", claims: 0, attempts: 0 }], []]);
    });
    engine.clock.advance(5_000);
  }
  const { attempts } = await engine.until(eventId, "succeeded");
  expect(attempts).toMatchObject([{ number: 1, code: null }]);
  expect(engine.destination(destination.id)).toMatchObject({ enabled: true, failureCount: 0 });
  const lines = engine.log.lines.filter((line) => JSON.stringify(line).includes("EMFILE"));
  expect(lines).toHaveLength(3);
});
