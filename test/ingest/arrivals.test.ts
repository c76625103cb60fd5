import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { deleteSource } from "../../src/routing/delete-source.ts";
import { updateSource } from "../../src/routing/update-source.ts";
import { eventually, startEngine } from "../support/engine.ts";
import { isPostgres } from "../support/postgres.ts";
import { startReceiver } from "../support/receiver.ts";
import { execute, idLiteral, select } from "../support/store.ts";

describe("invariant 2: an event and all of its deliveries are created in one transaction", () => {
  test("k matching connections get exactly k deliveries, whatever the filters", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const types = ["order.created", "order.paid", "invoice.paid", "ping"];
    const entries = fc.constantFrom(...types, "order.*", "invoice.*", "other");
    const filters = fc.array(fc.option(fc.array(entries, { maxLength: 3 })), { maxLength: 5 });
    const sent = fc.option(fc.constantFrom(...types));
    const passes = (filter: readonly string[] | null, type: string | null): boolean =>
      filter === null ||
      (type !== null &&
        filter.some((entry) => entry === type || (entry.endsWith(".*") && type.startsWith(entry.slice(0, -1)))));
    await fc.assert(
      fc.asyncProperty(filters, sent, async (wanted, type) => {
        const source = await engine.addSource();
        const destinations = await Promise.all(
          wanted.map((eventFilter) => engine.addDestination(source, receiver.url, { eventFilter })),
        );
        const eventId = await engine.accept(source, { body: JSON.stringify({ type }) });
        const matching = destinations.filter((_, at) => passes(wanted[at]!, type)).map(({ id }) => id);
        const { deliveries } = await engine.until(eventId, matching.length === 0 ? "received" : "succeeded");
        expect(deliveries.map(({ destinationId }) => destinationId).toSorted()).toEqual(matching.toSorted());
      }),
      { numRuns: 25 },
    );
  });

  test("nobody ever sees the one without the others", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource();
    for (let made = 0; made < 3; made += 1) await engine.addDestination(source, receiver.url);
    let isOver = 0;
    const taking = Promise.all(
      Array.from({ length: 20 }, async () => {
        for (let sent = 0; sent < 10; sent += 1) await engine.accept(source);
        isOver += 1;
      }),
    );
    let looks = 0;
    await eventually(async () => {
      looks += 1;
      const partial = await select(
        engine.store,
        "select 1 from events left join deliveries on event_id = events.id group by events.id having count(deliveries.id) <> 3 limit 1",
      );
      expect(partial, "an event was seen without all of its deliveries").toEqual([]);
      if (isOver < 20) throw new Error("not yet");
    });
    await taking;
    expect(looks).toBeGreaterThan(1);
  });

  test("a delivery that cannot be written takes its event with it, and no other", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const [good, bad] = [await engine.addSource(), await engine.addSource()];
    const destinations = [
      await engine.addDestination(good, receiver.url),
      await engine.addDestination(bad, receiver.url),
    ];
    const id = idLiteral(destinations[1]!.id);
    await engine.store.write((tx) =>
      execute(
        tx,
        isPostgres
          ? `alter table deliveries add constraint refuse check (destination_id <> ${id})`
          : `create trigger refuse before insert on deliveries when new.destination_id = ${id} begin select raise(abort, 'refused'); end`,
      ),
    );
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, at) => engine.accept(at % 3 === 0 ? bad : good)),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(
      outcomes.map((_, at) => (at % 3 === 0 ? "rejected" : "fulfilled")),
    );
    const [counted] = await select(
      engine.store,
      "select (select count(*) from events) as events, (select count(*) from payloads) as payloads, (select count(*) from deliveries) as deliveries",
    );
    expect(counted).toEqual({ events: 20, payloads: 20, deliveries: 20 });
    // Their places in the lanes were given back.
    await receiver.waitFor(20);
    await eventually(() => expect(engine.delivery.lanes.heldBytes).toBe(0));
  });
});

describe("matching happens at commit, after every change that came before", () => {
  test("a destination that is made while a request waits gets its event", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource();
    const [destination, eventId] = await Promise.all([
      engine.addDestination(source, receiver.url),
      engine.accept(source),
    ]);
    expect((await engine.until(eventId, "succeeded")).deliveries).toMatchObject([{ destinationId: destination.id }]);
  });

  test("one that is switched off meanwhile does not", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource();
    const destination = await engine.addDestination(source, receiver.url);
    const [, eventId] = await Promise.all([
      engine.change(source, destination, { enabled: false }),
      engine.accept(source),
    ]);
    expect(await engine.story(eventId)).toMatchObject({ status: "received", deliveries: [] });
    expect(receiver.requests.length).toBe(0);
  });

  test("one whose filter is changed meanwhile gets it by the new filter", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource();
    const destination = await engine.addDestination(source, receiver.url, { eventFilter: [] });
    const body = `{"type":"ping"}`;
    const [, eventId] = await Promise.all([
      engine.change(source, destination, { eventFilter: ["ping"] }),
      engine.accept(source, { body }),
    ]);
    expect((await engine.until(eventId, "succeeded")).deliveries).toHaveLength(1);
  });

  test("a source that is deleted meanwhile answers like one that never was, and nothing is stored", async () => {
    const engine = await startEngine();
    const source = await engine.addSource();
    const [, receipt] = await Promise.all([deleteSource(engine.routing, source, source.id), engine.take(source)]);
    expect(receipt).toEqual({ kind: "gone" });
    expect(await select(engine.store, "select 1 from events")).toEqual([]);
  });

  test("a source that is switched off meanwhile stores its event and forwards nothing", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource();
    await engine.addDestination(source, receiver.url);
    const [, eventId] = await Promise.all([
      updateSource(engine.routing, source, source.id, { status: "paused" }),
      engine.accept(source),
    ]);
    expect(await engine.story(eventId)).toMatchObject({ status: "received", deliveries: [] });
    expect(receiver.requests.length).toBe(0);
  });
});

test("an event that is held back is forwarded to nobody", async () => {
  await using receiver = await startReceiver();
  const engine = await startEngine();
  const source = await engine.addSource({ provider: "github", signingSecret: "hush", requireSignature: true });
  await engine.addDestination(source, receiver.url);
  const eventId = await engine.accept(source);
  expect(await engine.story(eventId)).toMatchObject({ status: "received", deliveries: [] });
  await engine.roundTrip();
  expect(receiver.requests.length).toBe(0);
});
