import { pause } from "../../harness/time.ts";
import type { Fault } from "../fault.ts";
import type { Gateway } from "../gateway.ts";
import { createPromises, keepAccount, type Promises } from "../promises.ts";
import { openStand } from "../stand.ts";
import { lookAtRemains } from "../store.ts";

const stops = { short: 2, long: 25 } as const;
const betweenStops = { short: 200, long: 1_000 } as const;
const shutdownSeconds = 5;

/** What is left after `SHUTDOWN_SECONDS`: outcomes to write, the store to close. */
const slackMs = 2_000;

/** Deliveries are under way when the signal comes, and each ends well before it is too late. */
const answerMsMax = 60;

const stopOnce = async (gateway: Gateway, scratch: string, promises: Promises): Promise<number> => {
  const { code, signal, tookMs } = await gateway.terminate();
  const { claimed } = lookAtRemains(gateway.directory, scratch);
  promises.keep(`it ends with 0; it was ${code ?? signal}`, code === 0);
  promises.keep(
    `it ends within SHUTDOWN_SECONDS; it took ${Math.round(tookMs)} ms`,
    tookMs < shutdownSeconds * 1000 + slackMs,
  );
  promises.keep(`no delivery stays claimed; ${claimed} did`, claimed === 0);
  return tookMs;
};

/** A stop at full load: what is under way ends, and nothing is sent twice. */
export const shutdownFault: Fault = {
  name: "shutdown",
  title: "SIGTERM at full load, again and again, started each time on what that left",
  run: async (context) => {
    const environment = { SHUTDOWN_SECONDS: String(shutdownSeconds) };
    const stand = await openStand(context, { gateway: { environment }, load: { connections: 32 } });
    const { gateway, load, receiver } = stand;
    receiver.answerWith(async ({ number }) => {
      await pause((number * 7) % answerMsMax);
      return 200;
    });
    const promises = createPromises();
    const tookMs: number[] = [];
    for (let stop = 0; stop < stops[context.scale]; stop += 1) {
      await load.until(load.acknowledged.length + betweenStops[context.scale]);
      stand.strike();
      tookMs.push(await stopOnce(gateway, context.newDirectory("remains"), promises));
      await stand.restart();
      context.say(`stop ${stop + 1} took ${Math.round(tookMs.at(-1) ?? 0)} ms`);
    }
    const account = await stand.settle();
    keepAccount(promises, account);
    return {
      account,
      figures: [
        { name: "stops", value: stops[context.scale], unit: "" },
        { name: "stop, longest", value: Math.max(...tookMs), unit: "ms" },
        { name: "requests without a 200", value: load.refused.length, unit: "" },
      ],
      broken: promises.broken,
    };
  },
};
