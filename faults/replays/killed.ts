import { pause } from "../../harness/time.ts";
import type { Account, OwnFigure } from "../fault.ts";
import { longestGapMs } from "../gap.ts";
import { jobsOf } from "./job.ts";
import { receivedOn } from "./received.ts";
import { type Setting, slots } from "./setting.ts";

const path = "/killed";
const lookMs = 5;
/** A page has a hundred events: kills come at different moments of it. */
const withinPage = 37;

/** What came of it. */
export type Killed = Pick<Account, "lost" | "duplicates" | "duplicatesMax" | "longestGapMs"> & {
  readonly figures: readonly OwnFigure[];
};

const anyNumber = (): boolean => true;

/** Strikes after equal parts of a replay. Gives how many deliveries were sent and not recorded. */
const strikeAgainAndAgain = async (
  { context, ground, course: { kills }, seeded }: Setting,
  replayId: string,
  destinationId: string,
): Promise<number> => {
  const { receiver } = ground;
  const before = receiver.arrivals.length;
  let underWay = 0;
  for (let kill = 1; kill <= kills; kill += 1) {
    const wanted = before + (seeded.acknowledged.length * kill) / (kills + 1) + withinPage * kill;
    while (receiver.arrivals.length < wanted) await pause(lookMs);
    const inHand = await ground.strike(replayId, destinationId);
    const { numbers } = receivedOn(receiver, path, (number) => inHand.has(number));
    underWay += numbers.size;
    context.say(`kill ${kill} after ${receiver.arrivals.length - before}, ${numbers.size} under way`);
  }
  return underWay;
};

/** All of it is replayed once more, to a destination of its own, while processes are killed. */
export const replayThroughKills = async (setting: Setting): Promise<Killed> => {
  const { ground, course, seeded, promises } = setting;
  const { gateway, receiver } = ground;
  const url = `${receiver.url}${path}`;
  const destinationId = await gateway.client.makeDestination(seeded.source, { url, max_concurrency: slots });
  const jobs = jobsOf(gateway.client, seeded.source);
  const wish = { to: seeded.to, rate_per_second: course.ratePerSecond, destination_ids: [destinationId] };
  const { id } = await jobs.start(wish);
  const fromMs = performance.now();
  const duplicatesMax = await strikeAgainAndAgain(setting, id, destinationId);
  const job = await jobs.untilEnded(id);
  const { arrivals, numbers, repeats, confused } = receivedOn(receiver, path, anyNumber);
  promises.keep(
    `the replay that was killed sends all, and tells so: ${JSON.stringify(job)}`,
    job.status === "completed" && job.queued === seeded.acknowledged.length && job.succeeded === job.queued,
  );
  promises.keep(`each event is known by one webhook-id of its own; ${confused} are not`, confused === 0);
  return {
    lost: seeded.acknowledged.filter(({ number }) => !numbers.has(number)).length,
    duplicates: repeats,
    duplicatesMax,
    longestGapMs: longestGapMs(seeded.acknowledged, arrivals, { fromMs, untilMs: arrivals.at(-1)?.atMs ?? fromMs }),
    figures: [
      { name: "kills while it is replayed", value: course.kills, unit: "" },
      { name: "sent again after kills", value: repeats, unit: "" },
    ],
  };
};
