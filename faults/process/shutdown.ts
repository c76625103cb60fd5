import { pause } from "../../harness/time.ts";
import type { Fault, FaultContext } from "../fault.ts";
import { createPromises, keepAccount, type Promises } from "../promises.ts";
import type { Receiver } from "../receiver.ts";
import { openStand, type Stand } from "../stand.ts";
import { lookAtRemains } from "../store.ts";

const stops = { short: 2, long: 25 } as const;
const betweenStops = { short: 200, long: 1_000 } as const;

/** The first stops find deliveries that end in time, the last ones find some that do not. */
const hangingStops = { short: 1, long: 5 } as const;
const hanging = 8;
const shutdownSeconds = 1;

/** What is left after `SHUTDOWN_SECONDS`: outcomes to write, the store to close. */
const slackMs = 2_000;

/** Deliveries are under way when the signal comes, and each ends well before it is too late. */
const answerMsMax = 60;
const lookMs = 5;

/** Answers after a while, or, once it is told so, some never when they come for the first time. */
const answerSlowly = (receiver: Receiver) => {
  const hangs = { left: 0 };
  receiver.answerWith(async ({ number }) => {
    if (hangs.left > 0 && receiver.counts.get(number) === 1) {
      hangs.left -= 1;
      return null;
    }
    await pause((number * 7) % answerMsMax);
    return 200;
  });
  return {
    /** Leaves the next few without an answer, and waits for them. */
    hang: async (): Promise<void> => {
      hangs.left = hanging;
      while (hangs.left > 0) await pause(lookMs);
    },
  };
};

const stopOnce = async (context: FaultContext, { gateway }: Stand, promises: Promises): Promise<number> => {
  const { code, signal, tookMs } = await gateway.terminate();
  const { claimed } = lookAtRemains(gateway.directory, context.newDirectory("remains"));
  promises.keep(`it ends with 0; it was ${code ?? signal}`, code === 0);
  promises.keep(
    `it ends within SHUTDOWN_SECONDS; it took ${Math.round(tookMs)} ms`,
    tookMs < shutdownSeconds * 1000 + slackMs,
  );
  promises.keep(`no delivery stays claimed; ${claimed} did`, claimed === 0);
  return tookMs;
};

/** A stop at full load: what is under way ends if it can, and nothing but what cannot is sent twice. */
export const shutdownFault: Fault = {
  name: "shutdown",
  title: "SIGTERM at full load, again and again, started each time on what that left",
  run: async (context) => {
    const environment = { SHUTDOWN_SECONDS: String(shutdownSeconds) };
    const stand = await openStand(context, { gateway: { environment }, load: { connections: 32 } });
    const { load, receiver } = stand;
    const slow = answerSlowly(receiver);
    const promises = createPromises();
    const tookMs: number[] = [];
    const all = stops[context.scale];
    for (let stop = 0; stop < all; stop += 1) {
      await load.until(load.acknowledged.length + betweenStops[context.scale]);
      if (stop >= all - hangingStops[context.scale]) {
        await slow.hang();
        stand.allowDuplicates(hanging);
      }
      stand.strike();
      tookMs.push(await stopOnce(context, stand, promises));
      await stand.restart();
      context.say(`stop ${stop + 1} took ${Math.round(tookMs.at(-1) ?? 0)} ms`);
    }
    const account = await stand.settle();
    keepAccount(promises, account);
    return {
      account,
      figures: [
        { name: "stops", value: all, unit: "" },
        { name: "stop, longest", value: Math.max(...tookMs), unit: "ms" },
        { name: "requests without a 200", value: load.refused.length, unit: "" },
      ],
      broken: promises.broken,
    };
  },
};
