import type { Fault } from "../fault.ts";
import { runCourse } from "../replays/course.ts";
import { idHeader } from "../replays/received.ts";
import { lookAtRemains, lookAtStore, replayTimes } from "../store.ts";

const courses = {
  short: { events: 2_000, ratePerSecond: 1_000, kills: 1 },
  long: { events: 100_000, ratePerSecond: 1_000, kills: 3 },
} as const;

/** A large replay, with a rate, that is cut off: by hand, and by the death of the process. */
export const replayFault: Fault = {
  name: "replay",
  title: "100,000 events are replayed with a rate: cancelled half-way and gone on with; then through kill -9",
  run: async (context) => {
    const receiver = await context.startReceiver([idHeader]);
    const gateway = await context.startGateway();
    const ground = {
      gateway,
      receiver,
      cancellerOf: () => Promise.resolve(gateway),
      heardMsMax: 0,
      sentMs: (replayId: string) => Promise.resolve(replayTimes(gateway.directory, replayId)),
      strike: async () => {
        await gateway.kill();
        await receiver.untilAlone();
        const { liveNumbers } = lookAtRemains(gateway.directory, context.newDirectory("remains"));
        await gateway.start();
        return liveNumbers;
      },
      stuck: () => {
        const { live, forwarding } = lookAtStore(gateway.directory);
        return Promise.resolve(Math.max(live, forwarding));
      },
    };
    return runCourse(context, ground, courses[context.scale]);
  },
};
