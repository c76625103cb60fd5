import { expect, test } from "vitest";

import { eventually, startEngine } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { startReceiver } from "../support/receiver.ts";

const hourMs = 3_600_000;

/** More than a lane holds in memory. */
const backlog = 1_050;

test.for([-hourMs, hourMs])(
  "an ordered lane with a backlog in the store keeps its order when the clock is set by %i ms",
  async (jumpMs) => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const engine = await startEngine();
    const source = await engine.addSource();
    await engine.addDestination(source, receiver.url, { ordered: true });
    const take = async (from: number, count: number): Promise<void> => {
      const numbers = Array.from({ length: count }, (_, index) => from + index);
      await Promise.all(numbers.map((number) => engine.accept(source, { body: String(number) })));
    };
    await take(0, backlog);
    engine.clock.jump(jumpMs);
    await take(backlog, 20);
    engine.clock.jump(-jumpMs);
    await take(backlog + 20, 20);
    gate.open();
    const requests = await receiver.waitFor(backlog + 40);
    expect(requests.map(({ body }) => Number(body.toString()))).toEqual(
      Array.from({ length: backlog + 40 }, (_, number) => number),
    );
  },
);

test("a retry does not wait out a clock that was set back", async () => {
  await using receiver = await startReceiver();
  receiver.respondWith({ status: 500 }, { status: 200 });
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url);
  const eventId = await engine.accept(source);
  await eventually(async () => expect((await engine.story(eventId)).attempts).toHaveLength(1));
  engine.clock.jump(-hourMs);
  // The first retry is due after 17 s, give or take a tenth, and time goes on at nine tenths.
  engine.clock.advance(22_000);
  const { attempts } = await engine.until(eventId, "succeeded");
  expect(attempts).toHaveLength(2);
});

test("what waits does not wait out a clock that was set back before a restart", async () => {
  const receiver = await startReceiver({ status: 500 });
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url);
  const eventId = await engine.accept(source);
  await eventually(async () => expect((await engine.story(eventId)).attempts).toHaveLength(1));
  await engine.stop();
  receiver.respondWith({ status: 200 });
  engine.clock.jump(-hourMs);
  const again = await startEngine({ directory: engine.directory, clock: engine.clock });
  again.clock.advance(22_000);
  await again.until(eventId, "succeeded");
  await receiver.close();
});
