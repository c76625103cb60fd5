import { quantile } from "../../harness/statistics.ts";
import { pause } from "../../harness/time.ts";
import type { FaultContext, OwnFigure } from "../fault.ts";
import type { Load } from "../load.ts";
import { mostInASecond } from "../nodes/order.ts";
import type { Promises } from "../promises.ts";
import type { Ground } from "./ground.ts";
import { type Job, jobsOf } from "./job.ts";
import { receivedOn } from "./received.ts";
import type { Seed } from "./seed.ts";

const path = "/cut";
const slots = 32;
/** Replays have half of the slots of a destination: so many requests may be under way when one is cancelled. */
const underWayMax = slots / 2;
/** Of a rate, in any sliding second. */
const overRate = 1.05;
const livePerSecond = 20;
/** Far from the numbers of what is replayed. */
const liveFirst = 1_000_000_000;
const liveMsMax = 1_000;
const lookMs = 5;

/** What came of it. */
export type Cut = {
  /** Live events that came meanwhile. */
  readonly live: Load["acknowledged"];
  readonly lost: number;
  readonly repeats: number;
  readonly figures: readonly OwnFigure[];
};

const isLive = (number: number): boolean => number >= liveFirst;
const isReplayed = (number: number): boolean => !isLive(number);

/** From being posted to being delivered, of what came while it was replayed. */
const liveLatencies = ({ receiver }: Ground, live: Load["acknowledged"]): readonly number[] => {
  const arrivals = receivedOn(receiver, path, isLive).arrivals;
  const arrivedMs = new Map(arrivals.map(({ number, atMs }) => [number, atMs]));
  return live.map(({ number, sentMs }) => (arrivedMs.get(number) ?? Infinity) - sentMs);
};

const untilReceived = async ({ receiver }: Ground, count: number): Promise<void> => {
  while (receiver.arrivals.length < count) await pause(lookMs);
};

const keepCounts = (promises: Promises, first: Job, second: Job, total: number, received: number): void => {
  const says = (job: Job): string => JSON.stringify(job);
  promises.keep(
    `the cancelled replay tells what became of all that it queued: ${says(first)}`,
    first.status === "cancelled" && first.failed + first.skipped === 0 && first.total === total,
  );
  promises.keep(
    `the second one takes what the first left, and sends it: ${says(second)}`,
    second.status === "completed" &&
      second.total === total - first.succeeded &&
      second.queued === second.total &&
      second.succeeded === second.total,
  );
  promises.keep(
    `both together have sent what was received (${received}): ${first.succeeded} and ${second.succeeded}`,
    first.succeeded + second.succeeded === received,
  );
};

const keepRate = async (
  ground: Ground,
  promises: Promises,
  ratePerSecond: number,
  job: Job,
): Promise<readonly number[]> => {
  const sentMs = await ground.sentMs(job.id);
  const most = mostInASecond(sentMs);
  promises.keep(
    `at most ${ratePerSecond} events a second, and 5 % more, in any second; there were ${most}`,
    most <= ratePerSecond * overRate,
  );
  return sentMs;
};

const perSecond = (sentMs: readonly number[]): number =>
  ((sentMs.length - 1) * 1000) / ((sentMs.at(-1) ?? 0) - (sentMs[0] ?? 0));

/** A replay with a rate is cancelled half-way; another one goes on with it; live events come all the while. */
export const cutAndResume = async (
  context: FaultContext,
  ground: Ground,
  { source, acknowledged, to }: Seed,
  ratePerSecond: number,
  promises: Promises,
): Promise<Cut> => {
  const { gateway, receiver } = ground;
  await gateway.client.makeDestination(source, { url: `${receiver.url}${path}`, max_concurrency: slots });
  const jobs = jobsOf(gateway.client, source);
  const before = receiver.arrivals.length;
  const { id } = await jobs.start({ to, rate_per_second: ratePerSecond });
  const live = context.startLoad({
    port: gateway.port,
    path: source.path,
    connections: 1,
    ratePerSecond: livePerSecond,
    firstNumber: liveFirst,
  });
  await untilReceived(ground, before + acknowledged.length / 2);
  const canceller = await ground.cancellerOf(id);
  await jobsOf(canceller.client, source).cancel(id);
  const cancelledMs = performance.now();
  const cut = await jobs.untilEnded(id);
  const atCut = receivedOn(receiver, path, isReplayed);
  const late = atCut.arrivals.filter(({ atMs }) => atMs > cancelledMs).length;
  context.say(
    `cancelled after ${atCut.arrivals.length}, of which ${late} were under way; ${cut.cancelled} were waiting`,
  );
  promises.keep(
    `nothing starts once it is cancelled, but for the ${underWayMax} that may be under way; ${late} came`,
    late <= underWayMax,
  );
  promises.keep(
    `what it tells to have sent is what was received, ${atCut.numbers.size}: ${JSON.stringify(cut)}`,
    cut.succeeded === atCut.numbers.size && cut.queued === cut.succeeded + cut.cancelled,
  );
  const resumed = await jobs.resume(id);
  const rest = await jobs.untilEnded(resumed.id);
  await live.stop();
  const all = receivedOn(receiver, path, isReplayed);
  keepCounts(promises, cut, rest, acknowledged.length, all.arrivals.length);
  promises.keep(`each event is known by one webhook-id of its own; ${all.confused} are not`, all.confused === 0);
  const firstSentMs = await keepRate(ground, promises, ratePerSecond, cut);
  const secondSentMs = await keepRate(ground, promises, ratePerSecond, rest);
  const latencies = liveLatencies(ground, live.acknowledged);
  const p99Ms = quantile(latencies, 0.99);
  promises.keep(`live events are delivered within ${liveMsMax} ms (p99) meanwhile; it was ${p99Ms}`, p99Ms < liveMsMax);
  const lost = acknowledged.filter(({ number }) => !all.numbers.has(number)).length;
  return {
    live: live.acknowledged,
    lost: lost + latencies.filter((ms) => ms === Infinity).length,
    repeats: all.repeats,
    figures: [
      { name: "cancelled after", value: cut.succeeded, unit: "" },
      { name: "came after the cancel's answer", value: late, unit: "" },
      { name: "waited, and were cancelled", value: cut.cancelled, unit: "" },
      { name: "sent by the second replay", value: rest.succeeded, unit: "" },
      { name: "rate", value: ratePerSecond, unit: "/s" },
      { name: "sent a second, on average", value: (perSecond(firstSentMs) + perSecond(secondSentMs)) / 2, unit: "/s" },
      {
        name: "sent in any second, most",
        value: Math.max(mostInASecond(firstSentMs), mostInASecond(secondSentMs)),
        unit: "",
      },
      { name: "received in any second, most", value: mostInASecond(all.arrivals.map(({ atMs }) => atMs)), unit: "" },
      { name: "live events delivered beside, p50", value: quantile(latencies, 0.5), unit: "ms" },
      { name: "live events delivered beside, p99", value: p99Ms, unit: "ms" },
    ],
  };
};
