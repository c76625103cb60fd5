import { quantile } from "../../harness/statistics.ts";
import { pause } from "../../harness/time.ts";
import type { Account, Fault, FaultContext } from "../fault.ts";
import type { Load } from "../load.ts";
import { createPromises, keepAccount, type Promises } from "../promises.ts";
import { openStand } from "../stand.ts";
import { type Abuse, abuses } from "./abuse/abuse.ts";
import { startAbusers } from "./abuse/abusers.ts";
import { addUp } from "./add-up.ts";
import type { Span } from "./latency.ts";
import { memoryMib, mostMemoryMib } from "./memory.ts";
import { openFilesOf } from "./open-files.ts";

const scales = {
  short: { calmMs: 700, abuseMs: 2_500, ratePerSecond: 100, connections: 150, ackedMsMax: 900 },
  long: { calmMs: 3_000, abuseMs: 36_000, ratePerSecond: 200, connections: 3_000, ackedMsMax: 100 },
} as const;

/** Those that do it again and again need fewer connections. */
const busyShare = 0.05;
const busy: ReadonlySet<Abuse> = new Set([
  "closes its half in the middle of a body",
  "sends a head that is too large",
  "sends noise",
  "pipelines and never reads the answers",
  "comes and goes",
]);

/** What every request may take to arrive, which the server looks at every other second, and a busy machine. */
const livesMsMax = 30_000 + 2_000 + 3_000;
/** What one connection may cost: Node's own 10 KiB, and what it has sent. */
const perConnectionKibMax = 32;
/** What a machine under load holds more than one at rest, whoever it is that sends. */
const besideMibMax = 96;
const filesLeftMax = 32;
const goneMsMax = 10_000;
const lookMs = 20;

/** What was seen of senders that did the same. */
type Seen = {
  readonly account: Account;
  readonly calmP99Ms: number;
  readonly besideP99Ms: number;
  readonly standing: number;
  readonly oldestMs: number;
  readonly grownMib: number;
};

const ackP99Ms = ({ acknowledged }: Load, { fromMs, untilMs }: Span): number =>
  quantile(
    acknowledged
      .filter(({ sentMs }) => sentMs >= fromMs && sentMs < untilMs)
      .map(({ sentMs, ackedMs }) => ackedMs - sentMs),
    0.99,
  );

const untilFilesBelow = async (pid: number, most: number): Promise<number> => {
  const deadlineMs = performance.now() + goneMsMax;
  while (openFilesOf(pid) > most && performance.now() < deadlineMs) await pause(lookMs);
  return openFilesOf(pid);
};

const observe = async (context: FaultContext, promises: Promises, kinds: readonly Abuse[]): Promise<Seen> => {
  const { calmMs, abuseMs, ratePerSecond, connections, ackedMsMax } = scales[context.scale];
  const stand = await openStand(context, { load: { ratePerSecond } });
  const { gateway, load } = stand;
  const { pid } = gateway.serve;
  // What is not signed is answered, counted and soon no longer stored.
  const source = await gateway.client.makeSource({ name: "abused", provider: "github", signing_secret: "none has it" });
  const calmFromMs = performance.now();
  await pause(calmMs);
  const calm = { fromMs: calmFromMs, untilMs: performance.now() };
  const before = { mib: memoryMib(pid), files: openFilesOf(pid) };
  const wishes = kinds.map((abuse) => ({
    abuse,
    count: busy.has(abuse) ? Math.ceil(connections * busyShare) : connections,
  }));
  const abusers = await startAbusers(context.children, { port: gateway.port, path: source.path, wishes });
  stand.strike();
  const fromMs = performance.now();
  const mostMib = await mostMemoryMib(pid, abuseMs);
  const beside = { fromMs, untilMs: performance.now() };
  const { standing, oldestMs } = await abusers.ask();
  await abusers.kill();
  const files = await untilFilesBelow(pid, before.files + filesLeftMax);
  const account = await stand.settle();
  const seen = {
    account,
    calmP99Ms: ackP99Ms(load, calm),
    besideP99Ms: ackP99Ms(load, beside),
    standing,
    oldestMs,
    grownMib: Math.max(0, mostMib - before.mib),
  };
  await gateway.kill();
  const what = kinds.length === 1 ? `senders of which each ${kinds[0] ?? ""}` : "all of them";
  context.say(
    `${what}: ${seen.standing} connections, others acknowledged at p99 ${seen.besideP99Ms.toFixed(1)} ms (before: ` +
      `${seen.calmP99Ms.toFixed(1)}), memory +${Math.round(seen.grownMib)} MiB, oldest ${Math.round(seen.oldestMs)} ms`,
  );
  keepAccount(promises, account);
  promises.keep(`beside ${what}, nobody else is refused; ${load.refused.length} were`, load.refused.length === 0);
  promises.keep(
    `beside ${what}, others are acknowledged in ${ackedMsMax} ms; the 99th percentile was ${seen.besideP99Ms.toFixed(1)}`,
    seen.besideP99Ms < ackedMsMax,
  );
  const mibMax = besideMibMax + (connections * kinds.length * perConnectionKibMax) / 1024;
  promises.keep(
    `${what} cost less than ${Math.round(mibMax)} MiB; it was ${Math.round(seen.grownMib)}`,
    seen.grownMib < mibMax,
  );
  promises.keep(
    `a connection of ${what} lives for ${livesMsMax} ms at most; one lived for ${Math.round(seen.oldestMs)}`,
    seen.oldestMs < livesMsMax,
  );
  promises.keep(
    `nothing is left of ${what}; ${files - before.files} sockets are`,
    files <= before.files + filesLeftMax,
  );
  return seen;
};

/** Senders that hold connections and memory, beside good ones: all at once, and in the long form each kind alone as well. */
export const sendersFault: Fault = {
  name: "senders",
  title: "senders that hang, drip, flood and never read, beside good ones",
  run: async (context) => {
    const promises = createPromises();
    const groups = context.scale === "short" ? [abuses] : [...abuses.map((each) => [each]), abuses];
    const seen: Seen[] = [];
    for (const group of groups) seen.push(await observe(context, promises, group));
    const most = (of: (one: Seen) => number): number => Math.max(...seen.map(of));
    return {
      account: addUp(seen.map(({ account }) => account)),
      figures: [
        { name: "kinds of senders", value: abuses.length, unit: "" },
        { name: "connections at once, most", value: most(({ standing }) => standing), unit: "" },
        { name: "others acknowledged before, p99, worst", value: most(({ calmP99Ms }) => calmP99Ms), unit: "ms" },
        { name: "others acknowledged beside, p99, worst", value: most(({ besideP99Ms }) => besideP99Ms), unit: "ms" },
        { name: "memory grown, most", value: most(({ grownMib }) => grownMib), unit: "MiB" },
        { name: "connection that lived longest", value: most(({ oldestMs }) => oldestMs) / 1_000, unit: "s" },
      ],
      broken: promises.broken,
    };
  },
};
