import { pause } from "../../harness/time.ts";
import type { Account, FaultContext, OwnFigure } from "../fault.ts";
import { longestGapMs } from "../gap.ts";
import type { Promises } from "../promises.ts";
import type { Ground } from "./ground.ts";
import { jobsOf } from "./job.ts";
import { receivedOn } from "./received.ts";
import type { Seed } from "./seed.ts";

const path = "/killed";
const slots = 32;
const lookMs = 5;

/** What came of it. */
export type Killed = Pick<Account, "lost" | "duplicates" | "duplicatesMax" | "longestGapMs"> & {
  readonly figures: readonly OwnFigure[];
};

const anyNumber = (): boolean => true;

/** All of it is replayed once more, to a destination of its own, while processes are killed. */
export const replayThroughKills = async (
  context: FaultContext,
  ground: Ground,
  { source, acknowledged, to }: Seed,
  { ratePerSecond, kills }: { readonly ratePerSecond: number; readonly kills: number },
  promises: Promises,
): Promise<Killed> => {
  const { gateway, receiver } = ground;
  const url = `${receiver.url}${path}`;
  const destinationId = await gateway.client.makeDestination(source, { url, max_concurrency: slots });
  const jobs = jobsOf(gateway.client, source);
  const before = receiver.arrivals.length;
  const fromMs = performance.now();
  const { id } = await jobs.start({ to, rate_per_second: ratePerSecond, destination_ids: [destinationId] });
  let underWay = 0;
  for (let kill = 1; kill <= kills; kill += 1) {
    const wanted = before + (acknowledged.length * kill) / (kills + 1);
    while (receiver.arrivals.length < wanted) await pause(lookMs);
    const inHand = await ground.strike(id, destinationId);
    const { numbers } = receivedOn(receiver, path, (number) => inHand.has(number));
    underWay += numbers.size;
    context.say(`kill ${kill} after ${receiver.arrivals.length - before}, ${numbers.size} under way`);
  }
  const job = await jobs.untilEnded(id);
  const { arrivals, numbers, repeats, confused } = receivedOn(receiver, path, anyNumber);
  promises.keep(
    `the replay that was killed sends all, and tells so: ${JSON.stringify(job)}`,
    job.status === "completed" && job.queued === acknowledged.length && job.succeeded === job.queued,
  );
  promises.keep(`each event is known by one webhook-id of its own; ${confused} are not`, confused === 0);
  return {
    lost: acknowledged.filter(({ number }) => !numbers.has(number)).length,
    duplicates: repeats,
    duplicatesMax: underWay,
    longestGapMs: longestGapMs(acknowledged, arrivals, { fromMs, untilMs: arrivals.at(-1)?.atMs ?? fromMs }),
    figures: [
      { name: "kills of what works on a replay", value: kills, unit: "" },
      { name: "sent again after kills", value: repeats, unit: "" },
    ],
  };
};
