import { onTestFinished, vi } from "vitest";

import { newestKnownMs } from "../../src/app/newest.ts";
import type { Store } from "../../src/db/store.ts";
import { type Attempt, attemptsOf } from "../../src/delivery/attempt-log.ts";
import { createDelivery, type DeliveryEngine } from "../../src/delivery/engine.ts";
import type { EventScope, EventStatus } from "../../src/events/event.ts";
import { readStored } from "../../src/events/read.ts";
import { createArrivals } from "../../src/ingest/arrivals.ts";
import type { Incoming } from "../../src/ingest/incoming.ts";
import { createReceive, type Receipt, type Receive } from "../../src/ingest/receive.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createForwardTime } from "../../src/lib/forward-time.ts";
import { createIds, type Id, type Ids } from "../../src/lib/ids.ts";
import { createSystemRandom } from "../../src/lib/random.ts";
import { createKeyring } from "../../src/lib/sealing.ts";
import { createLogger } from "../../src/observe/log.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { createObserver, type Observer } from "../../src/observe/observe.ts";
import type { SendRequest, SendResult } from "../../src/outbound/send.ts";
import { loadPresets } from "../../src/providers/catalog.ts";
import type { Delivery } from "../../src/queue/delivery.ts";
import { deliveriesOf } from "../../src/queue/read.ts";
import { createReplays, type Replays } from "../../src/replay/replays.ts";
import { createHousekeeping, type Housekeeping } from "../../src/retention/housekeeping.ts";
import { createDestination } from "../../src/routing/create-destination.ts";
import { createSource } from "../../src/routing/create-source.ts";
import type { DestinationDraft, LinkedChanges } from "../../src/routing/decide-destination.ts";
import type { SourceDraft } from "../../src/routing/decide-source.ts";
import type { Destination } from "../../src/routing/destination.ts";
import { keepRouting } from "../../src/routing/load.ts";
import type { RoutingParts } from "../../src/routing/parts.ts";
import { plainSettings, type Source } from "../../src/routing/source.ts";
import { RoutingTable } from "../../src/routing/table.ts";
import { updateDestination } from "../../src/routing/update-destination.ts";
import { createTransformer } from "../../src/transforms/transformer.ts";
import { captureLog, type CapturedLog } from "./captured-log.ts";
import { createTestClock, type TestClock } from "./clock.ts";
import { startOutbound } from "./outbound.ts";
import { startReceiver } from "./receiver.ts";
import { newScope } from "./records.ts";
import { sealingKeys } from "./sealing-keys.ts";
import { freshDirectory, openStore, type Writer, writerOf } from "./store.ts";

const catalog = await loadPresets();
const random = createSystemRandom();
const keyring = createKeyring(sealingKeys, random);
const scope = newScope();

/** A source whose events are forwarded unsigned, with their type at `type` in the body. */
const plainSource: SourceDraft = {
  kind: "webhook",
  dialect: "krafter",
  name: "plain",
  provider: "generic",
  signingSecret: null,
  signingAlgorithm: null,
  signingHeader: null,
  eventTypeSource: "body",
  eventTypePath: "type",
  requireSignature: false,
  ...plainSettings,
  status: "active",
  retentionDays: 30,
  bodyLimitBytes: null,
  rateLimitPerMinute: null,
};

const plainDestination: Omit<DestinationDraft, "url"> = {
  kind: "webhook",
  dialect: "krafter",
  secret: `whsec_${Buffer.alloc(32, 5).toString("base64")}`,
  eventFilter: null,
  enabled: true,
  maxConcurrency: 16,
  rateLimit: null,
  ratePeriod: null,
  ordered: false,
  timeoutMs: 15_000,
  retryScheduleSeconds: null,
  payloadFormat: "raw",
  forwardHeaders: [],
  resign: true,
};

/** What became of an event: its status, its deliveries, and their attempts, oldest first. */
export type Story = {
  readonly status: EventStatus | null;
  readonly deliveries: readonly Delivery[];
  readonly attempts: readonly Attempt[];
};

/** Ingest, delivery and replay over a real store, without the HTTP in front of them. Ends with its test, or by `stop`. */
export type Engine = {
  readonly directory: string;
  readonly clock: TestClock;
  readonly ids: Ids;
  readonly store: Store;
  readonly writer: Writer;
  readonly table: RoutingTable;
  readonly delivery: DeliveryEngine;
  readonly replays: Replays;
  /** Not started: a test says when it runs. */
  readonly housekeeping: Housekeeping;
  readonly receive: Receive;
  readonly observer: Observer;
  readonly log: CapturedLog;
  readonly routing: RoutingParts;
  /** Whose sources and events these are. */
  readonly scope: EventScope;
  addSource(over?: Partial<SourceDraft>): Promise<Source>;
  /** A destination of a source, and the connection to it. */
  addDestination(source: Source, url: string, over?: Partial<DestinationDraft>): Promise<Destination>;
  change(source: Source, destination: Destination, changes: LinkedChanges): Promise<void>;
  /** Hands a request to ingest, as its HTTP handler does. */
  take(source: Source, request?: Partial<Omit<Incoming, "body">> & { body?: string | Buffer }): Promise<Receipt>;
  /** The same for a request that must be stored; gives the event's id. */
  accept(source: Source, request?: Partial<Omit<Incoming, "body">> & { body?: string | Buffer }): Promise<Id>;
  /** The present state of a destination, as delivery sees it. */
  destination(id: Id): Destination;
  story(eventId: Id): Promise<Story>;
  /** Waits until an event has come to this status. */
  until(eventId: Id, status: EventStatus): Promise<Story>;
  /**
   * Two events go through a lane of their own, one after the other. Whatever could start before this was called has
   * started when it returns, so a test can say that something did not.
   */
  roundTrip(): Promise<void>;
  stop(graceMs?: number): Promise<void>;
};

export type EngineOptions = {
  directory?: string;
  clock?: TestClock;
  walBytesMax?: number;
  /** What a request comes to before it is sent, for what a real network cannot be made to do. Null: it is sent. */
  instead?: (request: SendRequest) => SendResult | null;
};

/** Waits until `check` no longer throws. It is asked again and again, so nothing waits longer than it must. */
export const eventually = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 40_000, interval: 3 });

/** Starts one on a directory, by default a fresh one. Time passes by itself, and when the test moves the clock. */
export const startEngine = async ({
  directory = freshDirectory(),
  clock = createTestClock(),
  instead = () => null,
}: EngineOptions = {}): Promise<Engine> => {
  const log = captureLog();
  const observer = createObserver({
    log: createLogger({ level: "info", format: "json", clock, sink: log }),
    metrics: createMetrics({ process: false }),
    clock,
  });
  // Sends and reads have clocks of their own: moving time on must not make them late.
  const store = await openStore({
    directory,
    observer: { committed: observer.committed, commitFailed: observer.commitFailed },
  });
  const writer = await writerOf(store);
  const newestAtOpenMs = await newestKnownMs(store);
  const dueTime = createForwardTime(clock, newestAtOpenMs);
  const ids = createIds(dueTime, random, newestAtOpenMs);
  const table = new RoutingTable({ keyring, catalog });
  await keepRouting(store, table);
  const outbound = startOutbound();
  const names = { headerPrefix: "krafter", userAgent: "Postern/1" };
  const transformer = createTransformer(systemClock);
  const delivery = createDelivery({
    store,
    clock,
    dueTime,
    ids,
    random,
    table,
    send: async (request) => instead(request) ?? outbound.send(request),
    names,
    transform: transformer.transform,
    observer,
    isReplayCancelled: (replayId) => replays.isCancelled(replayId),
    isReplayedOnce: (replayId) => replays.isOnce(replayId),
    replayRates: { rateOf: (replayId) => replays.rateOf(replayId), learn: (replayId) => replays.learn(replayId) },
    isOverdue: (eventId) => housekeeping.isOverdue(eventId),
  });
  const receive = createReceive({
    clock,
    arrive: createArrivals({ store, dueTime, table, ids, lanes: delivery.lanes, tolerances: {}, countSlots: [0] }),
    tolerances: {},
  });
  const replays = createReplays({ store, clock, dueTime, ids, table, tolerances: {}, observer, lanes: delivery.lanes });
  const wake = (destinationId: Id): void => delivery.lanes.wake(destinationId);
  const housekeeping = createHousekeeping({ store, clock, table, observer, newestAtOpenMs, wake });
  const routing: RoutingParts = { store, table, keyring, clock, ids, random, catalog };
  await replays.load();
  await delivery.takeUp();
  replays.begin();

  // In a transaction, so that it is of one moment: after a commit and all that it changed in memory.
  const story = (eventId: Id): Promise<Story> =>
    store.write(async (tx) => {
      const moment = { lookup: <Tables>() => tx.tables<Tables>() };
      return {
        status: (await readStored(moment, eventId))?.event.status ?? null,
        deliveries: await deliveriesOf(moment, eventId),
        attempts: await attemptsOf(moment, eventId),
      };
    });
  const take: Engine["take"] = (source, { body = "{}", ...request } = {}) => {
    const routed = table.source(source.id);
    if (routed === undefined) throw new Error("the source is gone");
    return receive(routed, {
      via: "slug",
      method: "POST",
      query: "",
      headers: [["content-type", "application/json"]],
      senderAddress: null,
      receivedAtMs: clock.nowMs(),
      ...request,
      body: Buffer.from(body),
    });
  };
  const bystander = await startReceiver();
  let stopped: Promise<void> | null = null;
  const stop = async (graceMs: number): Promise<void> => {
    await Promise.all([housekeeping.stop(), replays.stop()]);
    await delivery.stop(graceMs);
    await Promise.all([outbound.close(), bystander.close(), transformer.close()]);
    await store.close();
  };
  const engine: Engine = {
    directory,
    clock,
    ids,
    store,
    writer,
    table,
    delivery,
    replays,
    housekeeping,
    receive,
    observer,
    log,
    routing,
    scope,
    addSource: async (over) => {
      const created = await createSource(routing, scope, { ...plainSource, ...over });
      if (created.kind !== "created") throw new Error(created.kind);
      return created.source;
    },
    addDestination: async (source, url, over) => {
      const created = await createDestination(
        routing,
        scope,
        { sourceId: source.id },
        { ...plainDestination, ...over, url },
      );
      if (created.kind !== "created") throw new Error(created.kind);
      return created.destination;
    },
    change: async (source, { id: destinationId }, changes) => {
      const change = await updateDestination(routing, scope, { sourceId: source.id, destinationId }, changes);
      const { enabled, enabling } = change!.after.destination;
      delivery.lanes.wake(destinationId);
      if (!enabled) await delivery.cancel({ destinationId, enablingBelow: enabling, reason: "destination_disabled" });
    },
    take,
    accept: async (source, request) => {
      const receipt = await take(source, request);
      if (receipt.kind !== "stored") throw new Error(`the event was not stored: ${receipt.kind}`);
      return receipt.eventId;
    },
    destination: (id) => table.destination(id)!.destination,
    story,
    until: (eventId, status) =>
      eventually(async () => {
        const now = await story(eventId);
        if (now.status === status) return now;
        throw new Error(`event ${eventId} is ${now.status}, not ${status}: ${JSON.stringify(now.deliveries)}`);
      }),
    roundTrip: async () => {
      const source = await engine.addSource();
      await engine.addDestination(source, bystander.url);
      for (let trip = 0; trip < 2; trip += 1) await engine.until(await engine.accept(source), "succeeded");
    },
    stop: (graceMs = 0) => (stopped ??= stop(graceMs)),
  };
  onTestFinished(() => engine.stop());
  return engine;
};
