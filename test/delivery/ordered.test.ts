import { expect, test } from "vitest";

import type { Id } from "../../src/lib/ids.ts";
import type { Source } from "../../src/routing/source.ts";
import { type Engine, eventually, startEngine } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { reachInto } from "../support/store.ts";

const ordered = { ordered: true } as const;

/** Takes events whose bodies are their numbers, all at once; gives their ids. */
const numbered = (engine: Engine, source: Source, numbers: readonly number[]): Promise<Id[]> =>
  Promise.all(numbers.map((number) => engine.accept(source, { body: String(number) })));

const upTo = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

const received = (receiver: Receiver): number[] =>
  receiver.requests.map(({ body }) => Number.parseInt(body.toString(), 10));

test("an ordered lane sends one at a time, in the order of commit", async () => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url, { ...ordered, maxConcurrency: 8 });
  const events = await numbered(engine, source, upTo(30));
  expect(events).toEqual(events.toSorted());
  for (const at of events.keys()) {
    await gate.pass(1);
    expect(receiver.requests.length).toBe(at + 1);
  }
  await engine.until(events.at(-1)!, "succeeded");
  expect(received(receiver)).toEqual(upTo(30));
  expect(gate.mostWaiting).toBe(1);
});

test("the next one is sent only when the outcome of the one before is on disk", async () => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url, ordered);
  const [first, second] = (await numbered(engine, source, [0, 1])) as [Id, Id];
  await eventually(() => expect(gate.waiting).toBe(1));
  await engine.writer.breakDown();
  gate.open();
  await eventually(() =>
    expect(engine.log.entries()).toContainEqual(expect.objectContaining({ message: "commit failed" })),
  );
  expect(receiver.requests.length).toBe(1);
  await engine.writer.mend();
  engine.clock.advance(1000);
  await engine.until(first, "succeeded");
  await engine.until(second, "succeeded");
  expect(received(receiver)).toEqual([0, 1]);
});

test("a head that fails holds up all others until it succeeds, through every retry", async () => {
  await using receiver = await startReceiver({ status: 200 });
  receiver.respondWith({ status: 200 }, { status: 500 }, { status: 500 }, { status: 200 });
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url, ordered);
  const events = await numbered(engine, source, upTo(5));
  for (const tries of [1, 2]) {
    await eventually(async () => expect((await engine.story(events[1]!)).attempts).toHaveLength(tries));
    await engine.roundTrip();
    expect(received(receiver)).toEqual([0, ...upTo(tries).map(() => 1)]);
    engine.clock.advance(25_000);
  }
  await engine.until(events[4]!, "succeeded");
  expect(received(receiver)).toEqual([0, 1, 1, 1, 2, 3, 4]);
});

test("a head that has failed for good lets the others go on", async () => {
  await using receiver = await startReceiver({ status: 200 });
  receiver.respondWith({ status: 500 }, { status: 500 }, { status: 200 });
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url, { ...ordered, retryScheduleSeconds: [5] });
  const events = await numbered(engine, source, upTo(3));
  await eventually(async () => expect((await engine.story(events[0]!)).attempts).toHaveLength(1));
  engine.clock.advance(6000);
  await engine.until(events[0]!, "failed");
  await engine.until(events[2]!, "succeeded");
  expect(received(receiver)).toEqual([0, 0, 1, 2]);
});

test.for(["stopped", "killed"] as const)(
  "the order holds across a gateway that was %s, behind a head that waits for its time",
  async (how) => {
    await using receiver = await startReceiver({ status: 200 });
    receiver.respondWith({ status: 200 }, { status: 500 });
    const first = await startEngine();
    const source = await first.addSource();
    await first.addDestination(source, receiver.url, ordered);
    const events = await numbered(first, source, upTo(6));
    await eventually(async () => expect((await first.story(events[1]!)).attempts).toHaveLength(1));
    await first.stop();
    if (how === "killed") await claimAll(first);

    const second = await startEngine(first);
    const more = await numbered(second, source, [6, 7]);
    await second.roundTrip();
    expect(received(receiver)).toEqual([0, 1]);
    receiver.respondWith({ status: 200 });
    second.clock.advance(25_000);
    await second.until(more[1]!, "succeeded");
    expect(received(receiver)).toEqual([0, 1, 1, 2, 3, 4, 5, 6, 7]);
  },
);

/** Leaves every pending delivery claimed, as a process that was killed does. */
const claimAll = async ({ directory }: Engine): Promise<void> => {
  await reachInto(
    directory,
    "update deliveries set due_at_ms = 9007199254740991, claims = 1, generation = generation + 1 where status = 'pending'",
  );
};

test("the order holds beyond what memory holds", async () => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url, ordered);
  const count = 1050;
  const events = await numbered(engine, source, upTo(count));
  gate.open();
  await engine.until(events.at(-1)!, "succeeded");
  expect(received(receiver)).toEqual(upTo(count));
});

test("the order holds among events of all sizes: a small one does not pass a large one that found no room", async () => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url, ordered);
  // Twenty times 256 KiB do not fit into a lane's 4 MiB; what comes with them in the same commit does.
  const bodies = upTo(60).map((number) => String(number).padEnd(number % 3 === 0 ? 256 * 1024 : 10));
  const events = await Promise.all(bodies.map((body) => engine.accept(source, { body })));
  gate.open();
  await engine.until(events.at(-1)!, "succeeded");
  expect(received(receiver)).toEqual(upTo(60));
});

test("a destination that becomes ordered while events are tried keeps from then on to the order", async () => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const engine = await startEngine();
  const source = await engine.addSource();
  const destination = await engine.addDestination(source, receiver.url, { maxConcurrency: 3 });
  const events = await numbered(engine, source, upTo(8));
  await eventually(() => expect(gate.waiting).toBe(3));
  await engine.change(source, destination, ordered);
  gate.open();
  await engine.until(events.at(-1)!, "succeeded");
  expect(new Set(received(receiver).slice(0, 3))).toEqual(new Set([0, 1, 2]));
  expect(received(receiver).slice(3)).toEqual([3, 4, 5, 6, 7]);
});

test("one that is no longer ordered goes on with as many at once as it may", async () => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const engine = await startEngine();
  const source = await engine.addSource();
  const destination = await engine.addDestination(source, receiver.url, { ...ordered, maxConcurrency: 4 });
  await numbered(engine, source, upTo(8));
  await eventually(() => expect(gate.waiting).toBe(1));
  await engine.change(source, destination, { ordered: false });
  await eventually(() => expect(gate.waiting).toBe(4));
  gate.open();
  await receiver.waitFor(8);
  expect(new Set(received(receiver))).toEqual(new Set(upTo(8)));
});

test("a retry that waits when its destination becomes ordered waits for its time, and holds up what comes after it", async () => {
  await using receiver = await startReceiver({ status: 500 });
  const engine = await startEngine();
  const source = await engine.addSource();
  const destination = await engine.addDestination(source, receiver.url);
  const [retried] = (await numbered(engine, source, [0])) as [Id];
  await eventually(async () => expect((await engine.story(retried)).attempts).toHaveLength(1));
  receiver.respondWith({ status: 200 });
  await engine.change(source, destination, ordered);
  const [later] = (await numbered(engine, source, [1])) as [Id];
  await engine.roundTrip();
  expect(received(receiver)).toEqual([0]);
  engine.clock.advance(25_000);
  await engine.until(later, "succeeded");
  expect(received(receiver)).toEqual([0, 0, 1]);
});
