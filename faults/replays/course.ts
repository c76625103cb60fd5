import { pause } from "../../harness/time.ts";
import type { FaultContext, FaultResult } from "../fault.ts";
import { createPromises, keepAccount } from "../promises.ts";
import { cutAndResume } from "./cut.ts";
import { replayThroughKills } from "./killed.ts";
import { seed } from "./seed.ts";
import type { Course, Ground } from "./setting.ts";

/** A receiver that takes a moment, so that whatever cuts a replay off finds some of it under way, and more waiting. */
const answerMs = 5;

/** Stores events and replays them twice: cancelled half-way and gone on with, and through kills. */
export const runCourse = async (context: FaultContext, ground: Ground, course: Course): Promise<FaultResult> => {
  const promises = createPromises();
  ground.receiver.answerWith(async () => {
    await pause(answerMs);
    return 200;
  });
  const seeded = await seed(context, ground.gateway, course.events);
  const setting = { context, ground, course, seeded, promises };
  const cut = await cutAndResume(setting);
  const killed = await replayThroughKills(setting);
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
