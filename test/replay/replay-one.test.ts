import { createHmac } from "node:crypto";

import { describe, expect, test } from "vitest";

import { removeEvents } from "../../src/events/retention.ts";
import type { SourceDraft } from "../../src/routing/decide-source.ts";
import { deleteSource } from "../../src/routing/delete-source.ts";
import { updateSource } from "../../src/routing/update-source.ts";
import { type Engine, startEngine } from "../support/engine.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { newScope } from "../support/records.ts";
import { select } from "../support/store.ts";

const order = { body: JSON.stringify({ type: "order.created" }) };

/** A source with one event that has gone to its one destination. */
const delivered = async (receiver: Receiver) => {
  const engine = await startEngine();
  const source = await engine.addSource();
  const destination = await engine.addDestination(source, `${receiver.url}/first`);
  const eventId = await engine.accept(source, order);
  await engine.until(eventId, "succeeded");
  const replay = (destinationIds?: readonly string[]) =>
    engine.replays.replayOne(engine.scope, { sourceId: source.id, eventId, destinationIds });
  return { engine, source, destination, eventId, replay };
};

const pathsOf = ({ requests }: Receiver): string[] => requests.map(({ path }) => path).toSorted();

describe("an event that is replayed", () => {
  test("goes to the enabled destinations whose filter lets it pass now", async () => {
    await using receiver = await startReceiver();
    const { engine, source, destination, eventId, replay } = await delivered(receiver);
    const late = await engine.addDestination(source, `${receiver.url}/late`, { eventFilter: ["order.*"] });
    await engine.addDestination(source, `${receiver.url}/other`, { eventFilter: ["invoice.paid"] });
    await engine.addDestination(source, `${receiver.url}/off`, { enabled: false });
    const replayed = await replay();
    expect(replayed).toEqual({ kind: "queued", destinationIds: [destination.id, late.id] });
    await engine.until(eventId, "succeeded");
    expect(pathsOf(receiver)).toEqual(["/first", "/first", "/late"]);
  });

  test("goes to the destinations that are named, whatever their filter, if they are on", async () => {
    await using receiver = await startReceiver();
    const { engine, source, eventId, replay } = await delivered(receiver);
    const other = await engine.addDestination(source, `${receiver.url}/other`, { eventFilter: ["invoice.paid"] });
    const off = await engine.addDestination(source, `${receiver.url}/off`, { enabled: false });
    expect(await replay([other.id, off.id])).toEqual({ kind: "queued", destinationIds: [other.id] });
    await engine.until(eventId, "succeeded");
    expect(pathsOf(receiver)).toEqual(["/first", "/other"]);
  });

  test("goes nowhere when nobody is named, and nowhere when one of those named is not of its source", async () => {
    await using receiver = await startReceiver();
    const { engine, destination, eventId, replay } = await delivered(receiver);
    const foreign = await engine.addDestination(await engine.addSource(), receiver.url);
    expect(await replay([])).toEqual({ kind: "queued", destinationIds: [] });
    expect(await replay([destination.id, foreign.id])).toEqual({ kind: "unknown_destination" });
    expect((await engine.story(eventId)).deliveries).toHaveLength(1);
  });

  test("has new deliveries beside the old ones, and forwards again until they end", async () => {
    await using receiver = await startReceiver();
    const { engine, eventId, replay } = await delivered(receiver);
    receiver.respondWith({ status: 500 });
    await replay();
    expect((await engine.story(eventId)).status).toBe("forwarding");
    await receiver.waitFor(2);
    const { deliveries } = await engine.story(eventId);
    expect(deliveries.map(({ isReplay, replayId, status }) => [isReplay, replayId, status])).toEqual([
      [false, null, "success"],
      [true, null, "pending"],
    ]);
    const newest = await select<{ newest: number }>(engine.store, "select newest from deliveries order by id");
    expect(newest.map((row) => row.newest)).toEqual([0, 1]);
  });

  test("twice at once has one newest delivery for each connection", async () => {
    await using receiver = await startReceiver();
    const { engine, eventId, replay } = await delivered(receiver);
    await Promise.all([replay(), replay(), replay()]);
    await receiver.waitFor(4);
    await engine.until(eventId, "succeeded");
    const newest = await select(engine.store, "select id from deliveries where newest = 1");
    expect(newest).toHaveLength(1);
    expect((await engine.story(eventId)).deliveries).toHaveLength(4);
  });

  test("may be of a source that is switched off", async () => {
    await using receiver = await startReceiver();
    const { engine, source, replay } = await delivered(receiver);
    await updateSource(engine.routing, engine.scope, source.id, { status: "paused" });
    expect(await replay()).toMatchObject({ kind: "queued", destinationIds: [expect.any(String)] });
  });

  test("is not found under another owner or source, nor once its source is deleted", async () => {
    await using receiver = await startReceiver();
    const { engine, source, eventId, replay } = await delivered(receiver);
    const other = await engine.addSource();
    const { replays, scope } = engine;
    expect(await replays.replayOne(newScope(), { sourceId: source.id, eventId })).toEqual({ kind: "not_found" });
    expect(await replays.replayOne(scope, { sourceId: other.id, eventId })).toEqual({ kind: "not_found" });
    expect(await replays.replayOne(scope, { sourceId: source.id, eventId: other.id })).toEqual({ kind: "not_found" });
    await deleteSource(engine.routing, scope, source.id);
    expect(await replay()).toEqual({ kind: "not_found" });
  });
});

describe("while a replay waits for its commit,", () => {
  /** Runs `change` in a transaction that holds the writer, and replays meanwhile. */
  const replayBehind = async (
    engine: Engine,
    change: (tx: Parameters<Parameters<Engine["store"]["write"]>[0]>[0]) => Promise<void>,
    replay: () => Promise<unknown>,
  ): Promise<unknown> => {
    const held = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const writing = engine.store.write(async (tx) => {
      held.resolve();
      await goOn.promise;
      await change(tx);
    });
    await held.promise;
    const replaying = replay();
    // What it reads, it has read by now; its place in the next commit is taken.
    await engine.store.list<{ events: { id: Uint8Array } }>().selectFrom("events").select("id").execute();
    goOn.resolve();
    await writing;
    return replaying;
  };

  test("a destination that is switched off is left out", async () => {
    await using receiver = await startReceiver();
    const { engine, source, destination, eventId, replay } = await delivered(receiver);
    const other = await engine.addDestination(source, receiver.url);
    const replayed = await replayBehind(
      engine,
      (tx) => {
        tx.afterCommit(() => engine.table.patchDestination(other.id, { enabled: false, enabling: 1 }));
        return Promise.resolve();
      },
      () => replay(),
    );
    expect(replayed).toEqual({ kind: "queued", destinationIds: [destination.id] });
    expect((await engine.story(eventId)).deliveries).toHaveLength(2);
  });

  test("an event that is removed leaves no delivery behind", async () => {
    await using receiver = await startReceiver();
    const { engine, eventId, replay } = await delivered(receiver);
    const replayed = await replayBehind(
      engine,
      async (tx) => {
        await removeEvents(tx, [eventId]);
      },
      () => replay(),
    );
    expect(replayed).toEqual({ kind: "not_found" });
    expect(await select(engine.store, "select id from deliveries")).toEqual([]);
    await engine.roundTrip();
    expect(receiver.requests).toHaveLength(1);
  });
});

describe("an event that was stored as invalid", () => {
  const signing: Partial<SourceDraft> = { signingHeader: "x-signature", requireSignature: true };
  const signed = (secret: string) => ({
    ...order,
    headers: [["x-signature", createHmac("sha256", secret).update(order.body).digest("hex")]] as const,
  });
  const quarantined = async (receiver: Receiver, over: Partial<SourceDraft>, request: ReturnType<typeof signed>) => {
    const engine = await startEngine();
    const source = await engine.addSource({ ...signing, ...over });
    await engine.addDestination(source, receiver.url);
    const eventId = await engine.accept(source, request);
    expect((await engine.story(eventId)).status).toBe("received");
    const replay = () => engine.replays.replayOne(engine.scope, { sourceId: source.id, eventId });
    return { engine, source, eventId, replay };
  };
  const flagsOf = ({ store }: Engine) =>
    select(store, "select signature_valid, signature_reason, quarantined from events");

  test("is refused while it is not valid", async () => {
    await using receiver = await startReceiver();
    const { engine, eventId, replay } = await quarantined(receiver, { signingSecret: "right" }, signed("wrong"));
    expect(await replay()).toEqual({ kind: "invalid_signature" });
    expect(await engine.story(eventId)).toMatchObject({ status: "received", deliveries: [] });
  });

  test.for([null, "mis-pasted"])(
    "goes out once the secret %s is corrected, and is valid from then on",
    async (signingSecret) => {
      await using receiver = await startReceiver();
      const { engine, source, eventId, replay } = await quarantined(receiver, { signingSecret }, signed("right"));
      await updateSource(engine.routing, engine.scope, source.id, { signingSecret: "right" });
      expect(await replay()).toMatchObject({ kind: "queued" });
      expect(await flagsOf(engine)).toEqual([{ signature_valid: 1, signature_reason: "ok", quarantined: 0 }]);
      await engine.until(eventId, "succeeded");
    },
  );

  test("is judged by the time of its receipt", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource({ provider: "stripe", requireSignature: true, signingSecret: null });
    await engine.addDestination(source, receiver.url);
    const seconds = Math.floor(engine.clock.nowMs() / 1000);
    const signature = createHmac("sha256", "whsec_right").update(`${seconds}.${order.body}`).digest("hex");
    const headers = [["stripe-signature", `t=${seconds},v1=${signature}`]] as const;
    const eventId = await engine.accept(source, { ...order, headers });
    await updateSource(engine.routing, engine.scope, source.id, { signingSecret: "whsec_right" });
    engine.clock.advance(24 * 60 * 60 * 1000);
    expect(await engine.replays.replayOne(engine.scope, { sourceId: source.id, eventId })).toMatchObject({
      kind: "queued",
    });
  });

  test("goes out as it is when its source no longer wants signatures", async () => {
    await using receiver = await startReceiver();
    const { engine, source, replay } = await quarantined(receiver, { signingSecret: "right" }, signed("wrong"));
    await updateSource(engine.routing, engine.scope, source.id, { requireSignature: false });
    expect(await replay()).toMatchObject({ kind: "queued" });
    expect(await flagsOf(engine)).toEqual([{ signature_valid: 0, signature_reason: "mismatch", quarantined: 1 }]);
  });

  test("waits for a key that opens the secret", async () => {
    await using receiver = await startReceiver();
    const { engine, source, eventId, replay } = await quarantined(receiver, { signingSecret: null }, signed("right"));
    const sealed = { current: Buffer.from("\u0002k9xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "latin1"), previous: null };
    engine.table.putSource(engine.table.source(source.id)!.source, { ...sealed, previousUntilMs: null, config: null });
    expect(await replay()).toEqual({ kind: "unreadable" });
    expect((await engine.story(eventId)).deliveries).toEqual([]);
  });
});
