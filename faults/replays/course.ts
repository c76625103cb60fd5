import type { FaultContext, FaultResult } from "../fault.ts";
import { createPromises, keepAccount } from "../promises.ts";
import { cutAndResume } from "./cut.ts";
import type { Ground } from "./ground.ts";
import { replayThroughKills } from "./killed.ts";
import { seed } from "./seed.ts";

/** How much of it. */
export type Course = {
  readonly events: number;
  readonly ratePerSecond: number;
  /** Of processes, during the second replay of everything. */
  readonly kills: number;
};

/** Stores events and replays them twice: cancelled half-way and gone on with, and through kills. */
export const runCourse = async (context: FaultContext, ground: Ground, course: Course): Promise<FaultResult> => {
  const promises = createPromises();
  const seeded = await seed(context, ground, course.events);
  const cut = await cutAndResume(context, ground, seeded, course.ratePerSecond, promises);
  const killed = await replayThroughKills(context, ground, seeded, course, promises);
  const account = {
    acknowledged: seeded.acknowledged.length + cut.live.length,
    lost: cut.lost + killed.lost,
    stuck: await ground.stuck(),
    duplicates: cut.repeats + killed.duplicates,
    duplicatesMax: killed.duplicatesMax,
    longestGapMs: killed.longestGapMs,
    restarts: course.kills,
  };
  keepAccount(promises, account);
  return { account, figures: [...cut.figures, ...killed.figures], broken: promises.broken };
};
