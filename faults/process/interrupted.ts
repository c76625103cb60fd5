import type { MadeSource } from "../../harness/client.ts";
import type { Fault, FaultContext } from "../fault.ts";
import { createPromises, keepAccount } from "../promises.ts";
import { openStand, type Stand } from "../stand.ts";
import {
  type MomentSetting,
  signingSecret,
  whileCheckpointing,
  whileRemoving,
  whileRotating,
  whileStarting,
} from "./moments.ts";

const moments = [whileStarting, whileCheckpointing, whileRotating, whileRemoving] as const;

/** Large enough for the log to grow fast. */
const bodyBytes = 8_000;
const ratePerSecond = 500;
const signedSources = { short: 10, long: 300 } as const;
const doomedEvents = { short: 0, long: 20_000 } as const;
const doomedFrom = 10_000_000;

const makeSigned = async ({ gateway }: Stand, count: number): Promise<readonly MadeSource[]> => {
  const signed: MadeSource[] = [];
  for (let number = 1; number <= count; number += 1) {
    const fields = { name: `signed ${number}`, provider: "github", signing_secret: signingSecret };
    signed.push(await gateway.client.makeSource(fields));
  }
  return signed;
};

/** A source without a destination, and many events. */
const makeDoomed = async (context: FaultContext, { gateway }: Stand): Promise<MadeSource> => {
  const doomed = await gateway.client.makeSource({ name: "doomed", require_signature: false });
  const load = context.startLoad({ port: gateway.port, path: doomed.path, firstNumber: doomedFrom, connections: 64 });
  await load.until(doomedEvents[context.scale]);
  await load.stop();
  return doomed;
};

/** `kill -9` at the moments that a kill at any time seldom hits. */
export const interruptedFault: Fault = {
  name: "interrupted",
  title: "kill -9 while it starts, checkpoints, rotates its keys, removes what was deleted",
  run: async (context) => {
    const stand = await openStand(context, { load: { ratePerSecond, bodyBytes } });
    const signed = await makeSigned(stand, signedSources[context.scale]);
    const setting: MomentSetting = { context, stand, signed, doomed: await makeDoomed(context, stand) };
    const promises = createPromises();
    const counts: number[] = [];
    for (const moment of moments) {
      const times = context.scale === "short" ? moment.timesShort : moment.timesLong;
      for (let time = 0; time < times; time += 1) {
        await moment.reach(setting, (time + 0.5) / times);
        await stand.kill();
        await stand.restart();
      }
      if (times > 0) await moment.keep?.(setting, promises);
      counts.push(times);
      context.say(`${times} kills ${moment.name}`);
    }
    const account = await stand.settle();
    keepAccount(promises, account);
    return {
      account,
      figures: moments.map(({ name }, index) => ({ name: `kills ${name}`, value: counts[index] ?? 0, unit: "" })),
      broken: promises.broken,
    };
  },
};
