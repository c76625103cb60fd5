import type { Fault } from "../fault.ts";
import { createPromises, keepAccount } from "../promises.ts";
import { openStand } from "../stand.ts";
import { lookAtStore } from "../store.ts";

const kills = { short: 3, long: 50 } as const;

/** Acknowledged before each kill; a few more or less, so that kills come at any moment. */
const betweenKills = { short: 150, long: 1_000 } as const;

/** `kill -9` under load, again and again, and a start on the same directory each time. */
export const killsFault: Fault = {
  name: "kills",
  title: "kill -9 under load, again and again, started each time on what that left",
  run: async (context) => {
    const stand = await openStand(context);
    const startsMs: number[] = [];
    let underWayMost = 0;
    for (let kill = 0; kill < kills[context.scale]; kill += 1) {
      await stand.load.until(stand.load.acknowledged.length + betweenKills[context.scale] + ((kill * 37) % 101));
      underWayMost = Math.max(underWayMost, await stand.kill());
      startsMs.push(await stand.restart());
      context.say(
        `kill ${kill + 1}, ${stand.load.acknowledged.length} acknowledged, ready again in ${Math.round(startsMs.at(-1) ?? 0)} ms`,
      );
    }
    const account = await stand.settle();
    const promises = createPromises();
    keepAccount(promises, account);
    const { failed } = lookAtStore(stand.gateway.directory);
    promises.keep(`no event is given up; ${failed} were`, failed === 0);
    const { code } = await stand.gateway.terminate();
    promises.keep(`it ends with 0 at the end; it was ${code}`, code === 0);
    return {
      account,
      figures: [
        { name: "kills", value: kills[context.scale], unit: "" },
        { name: "start until ready, longest", value: Math.max(...startsMs), unit: "ms" },
        { name: "deliveries under way at one kill, most", value: underWayMost, unit: "" },
      ],
      broken: promises.broken,
    };
  },
};
