import type { EventReader } from "../api/krafter/ports.ts";
import type { PlatformParts } from "../api/platform.ts";
import type { Config } from "../config.ts";
import { createDelivery, type DeliveryEngine } from "../delivery/engine.ts";
import type { SenderNames } from "../delivery/request-parts.ts";
import { createArrivals } from "../ingest/arrivals.ts";
import { ByteBudget } from "../ingest/byte-budget.ts";
import { type DiskFloor, watchDiskFloor } from "../ingest/disk-floor.ts";
import { createGate, type Gate } from "../ingest/gate.ts";
import { createReceive, type Receive } from "../ingest/receive.ts";
import { createRefusedLog, type RefusedLog } from "../ingest/refused-log.ts";
import { systemClock } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import type { Random } from "../lib/random.ts";
import { createOutbound, installGlobalDispatcher, type Outbound } from "../outbound/outbound.ts";
import type { Membership } from "../queue/membership.ts";
import { ownsAll } from "../queue/ownership.ts";
import { createReplays, type Replays } from "../replay/replays.ts";
import { createHousekeeping, type Housekeeping } from "../retention/housekeeping.ts";
import { createTransformer, type Transformer } from "../transforms/transformer.ts";
import type { Core } from "./core.ts";
import { createEventReader } from "./event-reader.ts";
import { createPart, openMembership } from "./membership.ts";
import type { Overrides } from "./overrides.ts";
import { createReadiness } from "./readiness.ts";
import { version } from "./version.ts";

/** Everything that runs beside the APIs. */
export type Gateway = {
  readonly outbound: Outbound;
  readonly delivery: DeliveryEngine;
  readonly transformer: Transformer;
  readonly receive: Receive;
  readonly gate: Gate;
  readonly refused: RefusedLog;
  readonly budget: ByteBudget;
  readonly diskFloor: DiskFloor;
  readonly events: EventReader;
  readonly replays: Replays;
  readonly housekeeping: Housekeeping;
  readonly readiness: PlatformParts["readiness"];
  readonly names: SenderNames;
  /** The part that this process has among others. Null: there are no others. */
  readonly membership: Membership | null;
  start(): Promise<void>;
  /** Gives what is under way `graceMs` to end. */
  stop(graceMs: number): Promise<void>;
};

/** Processes of one store that rarely share their slots: where two do, one's commits may wait for the other's. */
const slotPairs = 32;

/** As many as there are commits of one process under way at once, on a store that several processes share. */
const slotsOfProcess = (random: Pick<Random, "bytes">): readonly number[] => {
  const pair = random.bytes(1).readUInt8() % slotPairs;
  return [2 * pair, 2 * pair + 1];
};

/** What still waits for an expression after `graceMs` has had its time. */
const stopSending = async (
  { clock }: Pick<Core, "clock">,
  { delivery, transformer }: Pick<Gateway, "delivery" | "transformer">,
  graceMs: number,
): Promise<void> => {
  const overdue = clock.after(graceMs, () => void transformer.close());
  await delivery.stop(graceMs);
  overdue.cancel();
  await transformer.close();
};

/** Opens the rooms in the order in which their lines are to be written: outcomes, claims, then what arrives. */
export const openGateway = async (core: Core, config: Config, overrides: Overrides): Promise<Gateway> => {
  const { store, clock, dueTime, ids, table, observer, metrics, newestAtOpenMs } = core;
  const outbound = createOutbound({ clock, egressAllow: config.egressAllow, ...overrides.outbound });
  const names = { headerPrefix: config.headerPrefix, userAgent: `Postern/${version}` };
  const transformer = createTransformer(systemClock);
  const membership = openMembership(core, config);
  const ownership = membership ?? ownsAll;
  const delivery = createDelivery({
    ...core,
    ownership,
    names,
    send: outbound.send,
    transform: transformer.transform,
    isReplayCancelled: (replayId) => replays.isCancelled(replayId),
    isReplayedOnce: (replayId) => replays.isOnce(replayId),
    replayRates: { rateOf: (replayId) => replays.rateOf(replayId), learn: (replayId) => replays.learn(replayId) },
    isOverdue: (eventId) => housekeeping.isOverdue(eventId),
  });
  const tolerances = { stripe: config.stripeToleranceSeconds };
  const countSlots = store.cluster === null ? [0] : slotsOfProcess(core.random);
  const arrive = createArrivals({ store, dueTime, table, ids, lanes: delivery.lanes, tolerances, countSlots });
  const refused = createRefusedLog({ store, clock, ids, observer });
  const receive = createReceive({ clock, arrive, tolerances });
  const wake = (destinationId: Id): void => delivery.lanes.wake(destinationId);
  const housekeeping = createHousekeeping({ store, clock, table, observer, newestAtOpenMs, wake, ownership });
  const replays = createReplays({ ...core, tolerances, lanes: delivery.lanes, ownership });
  const part = createPart(core, { membership, delivery, replays });
  const budget = new ByteBudget(config.ingestBytesMax);
  const diskFloor = await watchDiskFloor({ store, clock, observer }, config.diskFreeBytesMin);
  const dispatcher = installGlobalDispatcher(outbound);
  metrics.watch({
    lanes: () => delivery.lanes.states(),
    oldestDueAgeMs: () => delivery.lanes.oldestDueAgeMs(),
    bodiesInMemoryBytes: () => budget.usedBytes + delivery.lanes.heldBytes,
    walBytes: () => store.walBytes(),
  });
  return {
    membership,
    outbound,
    delivery,
    transformer,
    receive,
    gate: createGate({ store }),
    refused,
    budget,
    diskFloor,
    names,
    readiness: createReadiness(core, diskFloor),
    replays,
    housekeeping,
    events: createEventReader({ store, table }),
    start: async () => {
      await replays.load();
      await part.start();
      replays.begin();
      housekeeping.start();
    },
    stop: async (graceMs) => {
      await Promise.all([part.retire(), housekeeping.stop(), replays.stop()]);
      await stopSending(core, { delivery, transformer }, graceMs);
      await refused.stop();
      await part.stop();
      diskFloor.stop();
      dispatcher[Symbol.dispose]();
      await outbound.close();
    },
  };
};
