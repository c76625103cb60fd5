import { once } from "node:events";

import type { MadeSource } from "../../harness/client.ts";
import { openConnection } from "../../harness/connection.ts";
import { pause } from "../../harness/time.ts";
import type { Fault, FaultContext, Scale } from "../fault.ts";
import type { Gateway, StartWish } from "../gateway.ts";
import { eventRequest } from "../load.ts";
import { createPromises, keepAccount, type Promises } from "../promises.ts";
import type { Arrival } from "../receiver.ts";
import { openStand, type Stand } from "../stand.ts";
import { countEvents } from "../store.ts";

export const hourMs: number = 3_600_000;
const dayMs = 24 * hourMs;
const yearMs = 365 * dayMs;

/** One setting of the wall clock: how far from the true time it is from then on. */
export type Jump = { readonly name: string; readonly offsetMs: number; readonly stayMs?: number };

/** Retention runs every minute: whatever it makes of the new time, it has done by then. */
const stayMs = 65_000;

const jumps = {
  short: [
    { name: "an hour back", offsetMs: -hourMs },
    { name: "right again", offsetMs: 0 },
  ],
  long: [
    { name: "an hour ahead", offsetMs: hourMs },
    { name: "back from an hour ahead", offsetMs: 0 },
    { name: "an hour back", offsetMs: -hourMs },
    { name: "right again", offsetMs: 0 },
    { name: "a day back", offsetMs: -dayMs },
    { name: "right again", offsetMs: 0 },
    { name: "a year ahead", offsetMs: yearMs, stayMs },
    { name: "back from a year ahead", offsetMs: 0, stayMs },
  ],
} as const satisfies Record<string, readonly Jump[]>;

/** How a gateway is started whose clock can be set. */
export const movableClock: Pick<StartWish, "nodeArguments" | "hasChannel"> = {
  nodeArguments: ["--import", new URL("clock-preload.ts", import.meta.url).href],
  hasChannel: true,
};
const ratePerSecond = 100;
const before = 50;

/** What fails the first time is due again after that, and up to a tenth more by chance. */
const retrySeconds = 2;
const retryMsMax = retrySeconds * 1_100;

/** How late a retry, or a new event, may be because somebody set the clock. */
const lateMsMax = 2_000;

/** A lane keeps 1,000 deliveries in memory: what comes after them waits in the store. */
const heldEvents = 1_100;
/** Of those that wait in the store, before the jump, and after it. */
const orderedEvents = 10;
const retriedEvents = 5;
const bodyBytes = 100;
/** Without anything that comes, before it is given up. */
const quietMsMax = 15_000;
const lookMs = 10;

/** Where the numbers of the other sources' events begin. The load never gets there. */
const retriedFrom = 1_000_000;
const heldFrom = 2_000_000;
const orderedFrom = 3_000_000;
/** Numbers that one jump uses, at most. */
const numbersPerJump = 10_000;

const retriedPath = "/retried";
const orderedPath = "/ordered";

/** Sets the wall clock of a gateway with a `movableClock`. */
export const setClock = async ({ serve: { child } }: Gateway, { offsetMs }: Pick<Jump, "offsetMs">): Promise<void> => {
  const told = once(child, "message");
  child.send(offsetMs);
  await told;
};

/** Posts numbered events one after the other. @throws {Error} when one is not accepted. */
const postInTurn = async ({ port }: Gateway, { path }: MadeSource, numbers: readonly number[]): Promise<void> => {
  let answered = Promise.withResolvers<number>();
  const connection = await openConnection(port, (status) => answered.resolve(status));
  for (const number of numbers) {
    answered = Promise.withResolvers();
    connection.send(eventRequest(path, number, bodyBytes));
    const status = await answered.promise;
    if (status !== 200) throw new Error(`event ${number} was answered with ${status}`);
  }
  connection.close();
};

/** Waits until nothing is left. False: for too long it has not become less. */
const untilNoneLeft = async (count: () => number): Promise<boolean> => {
  let left = count();
  let changedMs = performance.now();
  while (left > 0) {
    if (performance.now() > changedMs + quietMsMax) return false;
    await pause(lookMs);
    const now = count();
    if (now < left) changedMs = performance.now();
    left = now;
  }
  return true;
};

const range = (from: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => from + index);

/** What the jumps are tried on beside the load: a destination that fails once, and one that keeps the order. */
type Setting = {
  readonly context: FaultContext;
  readonly stand: Stand;
  readonly retried: MadeSource;
  readonly ordered: MadeSource;
  /** The ordered destination answers nothing from now on, until what it gives is called. */
  holdOrdered(): () => void;
};

const openSetting = async (context: FaultContext, stand: Stand): Promise<Setting> => {
  const { gateway, receiver } = stand;
  const plain = { require_signature: false };
  const retried = await gateway.client.makeSource({ ...plain, name: "retried" });
  const ordered = await gateway.client.makeSource({ ...plain, name: "ordered" });
  const schedule = [retrySeconds, retrySeconds];
  await gateway.client.makeDestination(retried, { url: `${receiver.url}${retriedPath}`, retry_schedule: schedule });
  await gateway.client.makeDestination(ordered, { url: `${receiver.url}${orderedPath}`, ordered: true });
  let held = Promise.resolve();
  receiver.answerWith(async ({ path, number }) => {
    if (path === orderedPath) await held;
    return path === retriedPath && receiver.counts.get(number) === 1 ? 500 : 200;
  });
  const holdOrdered = (): (() => void) => {
    const gate = Promise.withResolvers<void>();
    held = gate.promise;
    return gate.resolve;
  };
  return { context, stand, retried, ordered, holdOrdered };
};

/** Retries that were scheduled before the jump come when they would have come without it. */
const keepRetries = async (
  { stand: { receiver } }: Setting,
  name: string,
  numbers: readonly number[],
  promises: Promises,
) => {
  const timesOf = (number: number): readonly number[] =>
    receiver.arrivals.filter((arrival) => arrival.number === number).map(({ atMs }) => atMs);
  const isRetried = await untilNoneLeft(
    () => numbers.filter((number) => (receiver.counts.get(number) ?? 0) < 2).length,
  );
  const waitsMs = numbers.map((number) => {
    const [firstMs = 0, secondMs = Infinity] = timesOf(number);
    return secondMs - firstMs;
  });
  const longestMs = Math.max(...waitsMs);
  promises.keep(
    `${name}: a retry is at most ${lateMsMax} ms late; the wait of ${retrySeconds} s was ${Math.round(longestMs)} ms`,
    isRetried && longestMs < retryMsMax + lateMsMax,
  );
};

type Ordered = { readonly held: readonly number[]; readonly inTurn: readonly number[] };

/** An ordered lane with a backlog in the store keeps its order across the jump, and does not stop. */
const keepOrder = async (
  { stand: { receiver } }: Setting,
  name: string,
  { held, inTurn }: Ordered,
  promises: Promises,
) => {
  const all = new Set([...held, ...inTurn]);
  const missing = (): number => [...all].filter((number) => !receiver.counts.has(number)).length;
  const isDelivered = await untilNoneLeft(missing);
  promises.keep(`${name}: an ordered lane goes on; ${missing()} of ${all.size} did not come`, isDelivered);
  const came = receiver.arrivals.map(({ number }) => number).filter((number) => all.has(number));
  const last = came.slice(-inTurn.length);
  promises.keep(
    `${name}: an ordered lane keeps its order; its last were ${last.map((number) => number % numbersPerJump).join(" ")}`,
    last.every((number, index) => number === inTurn[index]),
  );
};

const idOf = ({ headers }: Arrival): string => String(headers["webhook-id"]);

/** Each event that is accepted after the jump goes out at once, with the time that the clock shows now, and a greater id. */
const keepNew = async ({ stand }: Setting, { name, offsetMs }: Jump, jumpedMs: number, promises: Promises) => {
  const { load, receiver } = stand;
  const acknowledged = load.acknowledged.length;
  await load.until(acknowledged + before);
  await pause(lateMsMax / 4);
  const fresh = load.acknowledged.filter(({ sentMs }) => sentMs > jumpedMs).slice(0, before);
  const arrivals = new Map(receiver.arrivals.map((arrival) => [arrival.number, arrival]));
  const latesMs = fresh.map(({ number, ackedMs }) => (arrivals.get(number)?.atMs ?? Infinity) - ackedMs);
  const latestMs = Math.max(...latesMs);
  promises.keep(`${name}: a new event is delivered at once; one took ${Math.round(latestMs)} ms`, latestMs < lateMsMax);
  const shown = fresh.flatMap(({ number }) => arrivals.get(number) ?? []);
  const isTimely = ({ headers, atMs }: Arrival): boolean => {
    const dueSeconds = (performance.timeOrigin + atMs + offsetMs) / 1000;
    return Math.abs(Number(headers["webhook-timestamp"]) - dueSeconds) < lateMsMax / 1000;
  };
  promises.keep(`${name}: a signature's time is that of the clock`, shown.every(isTimely));
};

const keepIds = ({ load, receiver }: Stand, promises: Promises): void => {
  const ids = new Map(receiver.arrivals.map((arrival) => [arrival.number, idOf(arrival)]));
  const answered = load.acknowledged.toSorted((a, b) => a.ackedMs - b.ackedMs).values();
  let next = answered.next();
  let newest = "";
  // Of two that were under way at once, either may be first: an id is compared with those that were answered before it was sent.
  const grows = load.acknowledged
    .toSorted((a, b) => a.sentMs - b.sentMs)
    .every(({ sentMs, number }) => {
      for (; next.done !== true && next.value.ackedMs < sentMs; next = answered.next()) {
        const id = ids.get(next.value.number) ?? "";
        if (id > newest) newest = id;
      }
      return (ids.get(number) ?? "") > newest;
    });
  promises.keep("ids keep growing, whatever the clock shows", grows);
};

const keepAll = ({ gateway, source, load }: Stand, name: string, promises: Promises): void => {
  const acknowledged = load.acknowledged.length;
  const left = countEvents(gateway.directory, source.id);
  promises.keep(`${name}: nothing is removed early; ${left} of ${acknowledged} are left`, left >= acknowledged);
};

/** More than an ordered lane holds in memory, from several senders at once. Gives the numbers that were accepted. */
const fillLane = async ({ context, stand, ordered }: Setting, index: number): Promise<readonly number[]> => {
  const firstNumber = heldFrom + index * numbersPerJump;
  const load = context.startLoad({ port: stand.gateway.port, path: ordered.path, firstNumber });
  await load.until(heldEvents);
  await load.stop();
  return load.acknowledged.map(({ number }) => number);
};

const jumpOnce = async (setting: Setting, jump: Jump, index: number, promises: Promises): Promise<void> => {
  const { stand, retried, ordered } = setting;
  const { gateway, receiver } = stand;
  const retries = range(retriedFrom + index * numbersPerJump, retriedEvents);
  const inTurn = range(orderedFrom + index * numbersPerJump, 2 * orderedEvents);
  const release = setting.holdOrdered();
  const held = await fillLane(setting, index);
  await postInTurn(gateway, ordered, inTurn.slice(0, orderedEvents));
  await postInTurn(gateway, retried, retries);
  await untilNoneLeft(() => retries.filter((number) => !receiver.counts.has(number)).length);
  stand.strike();
  // Each of them is sent a second time.
  stand.allowDuplicates(retriedEvents);
  await setClock(gateway, jump);
  const jumpedMs = performance.now();
  await postInTurn(gateway, ordered, inTurn.slice(orderedEvents));
  release();
  await keepNew(setting, jump, jumpedMs, promises);
  await keepRetries(setting, jump.name, retries, promises);
  await keepOrder(setting, jump.name, { held, inTurn }, promises);
  await pause(jump.stayMs ?? 0);
  keepAll(stand, jump.name, promises);
};

/** The fault with these jumps, one after the other. */
export const clockWith = (jumpsOf: (scale: Scale) => readonly Jump[]): Fault => ({
  name: "clock",
  title: "the wall clock is set an hour, a day, a year ahead and back",
  run: async (context) => {
    const stand = await openStand(context, { gateway: movableClock, load: { ratePerSecond } });
    const setting = await openSetting(context, stand);
    const promises = createPromises();
    const all = jumpsOf(context.scale);
    for (const [index, jump] of all.entries()) {
      await jumpOnce(setting, jump, index, promises);
      context.say(`${jump.name}: ${promises.broken.length} promises broken so far`);
    }
    const account = await stand.settle();
    keepAccount(promises, account);
    keepIds(stand, promises);
    return { account, figures: [{ name: "jumps", value: all.length, unit: "" }], broken: promises.broken };
  },
});

/** Somebody sets the clock, in both directions, under load. */
export const clockFault: Fault = clockWith((scale) => jumps[scale]);
