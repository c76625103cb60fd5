import { pause } from "../../harness/time.ts";
import type { NameAnswer } from "../../test/support/name-server.ts";
import { startReceiver } from "../../test/support/receiver.ts";
import type { Fault } from "../fault.ts";
import { createPromises, keepAccount } from "../promises.ts";
import { dialedBy } from "./gateway.ts";
import { good, isDelivered, openNameStand, outcomesOf } from "./name-stand.ts";

const scales = {
  short: { reboundMs: 2_500, ratePerSecond: 10 },
  long: { reboundMs: 30_000, ratePerSecond: 50 },
} as const;

const timeoutMs = 5_000;

/** Addresses that no event may ever reach. The first two are listened on. */
const forbidden = [
  "127.0.0.2",
  "::1",
  "::ffff:127.0.0.2",
  "169.254.169.254",
  "::ffff:169.254.169.254",
  "64:ff9b::7f00:2",
  "10.0.0.1",
  "0.0.0.0",
  "::",
  "fe80::1",
];

/** What names are answered, question after question. */
const rebindings: readonly (readonly [name: string, NameAnswer | { each: readonly NameAnswer[] }])[] = [
  ...forbidden.map((address, index): [string, NameAnswer] => [`moved-${index}.test`, [address]]),
  ["beside.test", [good, "127.0.0.2"]],
  ["by-family.test", [good, "::1"]],
  [
    "turning.test",
    { each: Array.from({ length: 200 }, (_, index): NameAnswer => [index % 2 === 0 ? "127.0.0.2" : good]) },
  ],
  ["turning-away.test", { each: [[good], ["169.254.169.254"]] }],
];

/** Names that lead elsewhere once they have been checked. */
export const rebindingFault: Fault = {
  name: "rebinding",
  title: "names that lead to this machine or to metadata services once they have been checked",
  run: async (context) => {
    const { reboundMs, ratePerSecond } = scales[context.scale];
    const promises = createPromises();
    const nameStand = await openNameStand(context, { ratePerSecond, timeoutMs });
    const { stand, names, receiver, add } = nameStand;
    const traps = await Promise.all(
      ["127.0.0.2", "::1"].map((host) => startReceiver({}, { host, port: receiver.port })),
    );
    for (const trap of traps) context.onEnd(trap.close);
    const rebound = await Promise.all(rebindings.map(([name]) => add(name)));
    for (const [name, answers] of rebindings) names.set(name, answers);
    stand.strike();
    await pause(reboundMs);
    for (const named of rebound) {
      const outcomes = outcomesOf(nameStand, named);
      const refused = outcomes.get("refused_address") ?? 0;
      const others = [...outcomes.keys()].filter((code) => code !== "200" && code !== "refused_address");
      promises.keep(`${named.name} is refused while it is rebound`, refused > 0);
      promises.keep(`${named.name} comes to nothing but that; it came to ${others.join(", ")}`, others.length === 0);
    }
    for (const { name } of rebound) names.set(name, [good]);
    const account = await stand.settle();
    keepAccount(promises, account);
    for (const named of rebound) {
      promises.keep(`everything for ${named.name} is delivered once it leads back`, isDelivered(nameStand, named));
    }
    const reached = traps.reduce((sum, { connections }) => sum + connections, 0);
    promises.keep(`no connection arrives at a forbidden address; ${reached} did`, reached === 0);
    const strays = (await dialedBy(stand.gateway)).filter((address) => address !== good);
    promises.keep(`no forbidden address is dialed; ${strays.join(", ")} was`, strays.length === 0);
    return {
      account,
      figures: [
        { name: "names rebound", value: rebindings.length, unit: "" },
        { name: "attempts refused", value: sumRefused(rebound.map((named) => outcomesOf(nameStand, named))), unit: "" },
        { name: "connections that arrived", value: reached, unit: "" },
      ],
      broken: promises.broken,
    };
  },
};

const sumRefused = (outcomes: readonly ReadonlyMap<string, number>[]): number =>
  outcomes.reduce((sum, each) => sum + (each.get("refused_address") ?? 0), 0);
