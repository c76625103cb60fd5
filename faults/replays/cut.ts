import { pause } from "../../harness/time.ts";
import type { OwnFigure } from "../fault.ts";
import type { Load } from "../load.ts";
import { type Job, type Jobs, jobsOf } from "./job.ts";
import { isLive, judgeLive, startLive } from "./live.ts";
import { judgeRate } from "./rate.ts";
import { type Received, receivedOn } from "./received.ts";
import { type Setting, slots } from "./setting.ts";

const path = "/cut";
const lookMs = 5;

/** What came of it. */
export type Cut = {
  /** Events that came meanwhile. */
  readonly live: Load["acknowledged"];
  readonly lost: number;
  readonly repeats: number;
  readonly figures: readonly OwnFigure[];
};

const says = (job: Job): string => JSON.stringify(job);

const replayedOn = ({ ground }: Setting): Received => receivedOn(ground.receiver, path, (number) => !isLive(number));

/** Cancels a replay once half of it has been received. Gives it as it ended, and how much came after the answer. */
const cancelHalfWay = async (
  setting: Setting,
  jobs: Jobs,
  { id }: Job,
): Promise<{ readonly cut: Job; readonly late: number }> => {
  const { context, ground, course, seeded, promises } = setting;
  while (ground.receiver.arrivals.length < seeded.acknowledged.length / 2) await pause(lookMs);
  const canceller = await ground.cancellerOf(id);
  await jobsOf(canceller.client, seeded.source).cancel(id);
  const answeredMs = performance.now();
  const cut = await jobs.untilEnded(id);
  const { arrivals, numbers } = replayedOn(setting);
  const late = arrivals.filter(({ atMs }) => atMs > answeredMs).length;
  context.say(`cancelled after ${numbers.size}: ${late} came after the answer, ${cut.cancelled} were waiting`);
  const lateMax = slots / 2 + (course.ratePerSecond * ground.heardMsMax) / 1000;
  promises.keep(
    `nothing comes once it is cancelled, but for what is under way, ${lateMax}; ${late} did`,
    late <= lateMax,
  );
  promises.keep(
    `the cancelled replay tells what was received, ${numbers.size}, and of all else that it was cancelled: ${says(cut)}`,
    cut.status === "cancelled" && cut.succeeded === numbers.size && cut.queued === cut.succeeded + cut.cancelled,
  );
  return { cut, late };
};

const judgeCounts = ({ seeded, promises }: Setting, cut: Job, rest: Job, all: Received): void => {
  const total = seeded.acknowledged.length;
  promises.keep(
    `the second replay takes what the first left of ${total}, and sends it: ${says(rest)}`,
    rest.status === "completed" && rest.total === total - cut.succeeded && rest.succeeded === rest.total,
  );
  promises.keep(
    `both together have sent what was received, ${all.arrivals.length}: ${cut.succeeded} and ${rest.succeeded}`,
    cut.succeeded + rest.succeeded === all.arrivals.length,
  );
  promises.keep(`each event is known by one webhook-id of its own; ${all.confused} are not`, all.confused === 0);
};

/** A replay with a rate is cancelled half-way; another one goes on with it; live events come all the while. */
export const cutAndResume = async (setting: Setting): Promise<Cut> => {
  const { ground, course, seeded } = setting;
  const { gateway, receiver } = ground;
  await gateway.client.makeDestination(seeded.source, { url: `${receiver.url}${path}`, max_concurrency: slots });
  const jobs = jobsOf(gateway.client, seeded.source);
  const first = await jobs.start({ to: seeded.to, rate_per_second: course.ratePerSecond });
  const load = startLive(setting);
  const { cut, late } = await cancelHalfWay(setting, jobs, first);
  const second = await jobs.resume(first.id);
  const rest = await jobs.untilEnded(second.id);
  await load.stop();
  const all = replayedOn(setting);
  judgeCounts(setting, cut, rest, all);
  const rateFigures = await judgeRate(setting, [first.id, second.id], all.arrivals);
  const live = judgeLive(setting, load, path);
  const missing = seeded.acknowledged.filter(({ number }) => !all.numbers.has(number)).length;
  return {
    live: load.acknowledged,
    lost: missing + live.lost,
    repeats: all.repeats,
    figures: [
      { name: "cancelled after", value: cut.succeeded, unit: "" },
      { name: "came after the cancel's answer", value: late, unit: "" },
      { name: "waited, and were cancelled", value: cut.cancelled, unit: "" },
      { name: "sent by the second replay", value: rest.succeeded, unit: "" },
      ...rateFigures,
      ...live.figures,
    ],
  };
};
