import { quantile } from "../../harness/statistics.ts";
import { pause } from "../../harness/time.ts";
import { startNameServer } from "../../test/support/name-server.ts";
import { type Receiver, startReceiver } from "../../test/support/receiver.ts";
import type { Account, Fault, FaultContext } from "../fault.ts";
import { createPromises, keepAccount, type Promises } from "../promises.ts";
import { openStand, type Stand } from "../stand.ts";
import { addUp } from "./add-up.ts";
import { attemptsOf, deliveriesOf } from "./attempts.ts";
import { askingNames, dialedBy } from "./gateway.ts";
import { latenciesMs } from "./latency.ts";
import { memoryMib, mostMemoryMib } from "./memory.ts";
import { allMisbehaviours } from "./misbehaviours/all.ts";
import { type Misbehaviour, type Misbehaving, startMisbehaving } from "./misbehaviours/misbehaviour.ts";

/** How long, how hard, and how late the healthy one may be at the 99th percentile: the suite shares its cores. */
const scales = {
  short: { warmMs: 500, misbehaveMs: 2_000, ratePerSecond: 8, healthyMsMax: 1_000 },
  long: { warmMs: 2_000, misbehaveMs: 6_000, ratePerSecond: 50, healthyMsMax: 250 },
} as const;

/** Of an attempt. Whoever waited for another's attempt would wait for as long. */
const timeoutMs = 1_000;
/** A timer, a busy machine, and the second that a body is given. */
const lateMsMax = 1_000;
/** More than the same process holds while as many receivers take everything. */
const memoryMibMax = 128;
/** Kernels take in some MiB on loopback for each connection, whether anybody reads or not. */
const bytesPerConnectionMax = 16 * 1024 * 1024;

type Bad = { readonly how: Misbehaviour; readonly receiver: Misbehaving; readonly destinationId: string };

/** What was seen of receivers that misbehaved together. */
type Seen = {
  readonly account: Account;
  readonly calmP99Ms: number;
  readonly healthyP99Ms: number;
  readonly grownMib: number;
  readonly longestAttemptMs: number;
  readonly mendedMs: number;
};

const connect = async (stand: Stand, how: Misbehaviour): Promise<Bad> => {
  const receiver = await startMisbehaving(how);
  const destinationId = await stand.gateway.client.makeDestination(stand.source, {
    url: receiver.url,
    timeout_seconds: timeoutMs / 1_000,
    max_concurrency: 2,
    // Often enough that none is ever switched off here.
    retry_schedule: Array.from({ length: 50 }, () => 1),
  });
  return { how, receiver, destinationId };
};

const nameOf = ({ status, code }: { status: number | null; code: string | null }): string =>
  code === null || code === "status" ? String(status) : code;

/** Looks at what attempts came to. Gives the longest one's time. */
const keepOutcomes = (promises: Promises, { gateway }: Stand, { how, receiver, destinationId }: Bad): number => {
  const attempts = attemptsOf(gateway.directory, destinationId);
  const expected = how.outcomes.map(nameOf);
  const found = attempts.map((each) => `${each.count} × ${nameOf(each)}`).join(", ");
  const isAsExpected = attempts.length > 0 && attempts.every((each) => expected.includes(nameOf(each)));
  promises.keep(`a receiver that ${how.name} comes to ${expected.join(" or ")}; it came to: ${found}`, isAsExpected);
  const perConnection = receiver.bytesWritten / Math.max(1, receiver.connections);
  promises.keep(
    `a receiver that ${how.name} is not read for ever; ${Math.round(perConnection / 1024)} KiB were for each connection`,
    perConnection < bytesPerConnectionMax,
  );
  const longestMs = Math.max(0, ...attempts.map((each) => each.longestMs));
  promises.keep(
    `an attempt at a receiver that ${how.name} ends in time; one took ${longestMs} ms`,
    longestMs < timeoutMs + lateMsMax,
  );
  return longestMs;
};

/** Puts a receiver in its place that takes everything. */
const mend = async ({ how, receiver }: Bad): Promise<Receiver> => {
  await receiver.close();
  return startReceiver({}, { port: receiver.port, tls: how.tlsName !== undefined });
};

const keepDelivered = (promises: Promises, { gateway }: Stand, { how, destinationId }: Bad): void => {
  const ends = deliveriesOf(gateway.directory, destinationId);
  const isAll = ends.length === 1 && ends[0]?.status === "success";
  const found = ends.map(({ status, count }) => `${count} × ${status}`).join(", ");
  promises.keep(`a receiver that ${how.name} is sent everything once it is mended; deliveries are: ${found}`, isAll);
};

/**
 * As many receivers as will misbehave take everything first, half of them over TLS: what compiled code and young objects take of a process
 * at such a load is nobody's misbehaviour.
 */
const warmUp = async ({ gateway: { client }, source }: Stand, count: number, forMs: number): Promise<void> => {
  const receivers = await Promise.all([startReceiver(), startReceiver({}, { tls: true })]);
  const urls = receivers.flatMap(({ url }) => Array.from({ length: Math.ceil(count / 2) }, () => url));
  const ids = await Promise.all(urls.map((url) => client.makeDestination(source, { url, max_concurrency: 2 })));
  await pause(forMs);
  await Promise.all(ids.map((id) => client.call("DELETE", `/sources/${source.id}/destinations/${id}`)));
  await Promise.all(receivers.map((receiver) => receiver.close()));
};

const observe = async (
  context: FaultContext,
  promises: Promises,
  misbehaviours: readonly Misbehaviour[],
): Promise<Seen> => {
  const { warmMs, misbehaveMs, ratePerSecond } = scales[context.scale];
  const names = await startNameServer();
  context.onEnd(names.close);
  names.set("receiver.test", ["127.0.0.1"], { ttlSeconds: 60 });
  const stand = await openStand(context, { gateway: askingNames(names), load: { ratePerSecond } });
  const { gateway, load, receiver } = stand;
  const startedMs = performance.now();
  await pause(warmMs);
  const calm = { fromMs: startedMs, untilMs: performance.now() };
  await warmUp(stand, misbehaviours.length, misbehaveMs);
  const beforeMib = memoryMib(gateway.serve.pid);
  const bads = await Promise.all(misbehaviours.map((how) => connect(stand, how)));
  for (const { receiver: bad } of bads) context.onEnd(bad.close);
  const struckMs = performance.now();
  stand.strike();
  const mostMib = await mostMemoryMib(gateway.serve.pid, misbehaveMs);
  const longestAttemptMs = Math.max(...bads.map((bad) => keepOutcomes(promises, stand, bad)));
  const endedMs = performance.now();
  for (const mended of await Promise.all(bads.map(mend))) context.onEnd(mended.close);
  const account = await stand.settle();
  const mendedMs = performance.now() - endedMs;
  for (const bad of bads) keepDelivered(promises, stand, bad);
  const strays = (await dialedBy(gateway)).filter((address) => address !== "127.0.0.1");
  promises.keep(`nothing is dialed but what was vetted; ${strays.join(", ")} was`, strays.length === 0);
  await gateway.kill();
  const beside = latenciesMs(load, receiver, { fromMs: struckMs, untilMs: endedMs });
  return {
    account,
    calmP99Ms: quantile(latenciesMs(load, receiver, calm), 0.99),
    healthyP99Ms: quantile(beside, 0.99),
    grownMib: Math.max(0, mostMib - beforeMib),
    longestAttemptMs,
    mendedMs,
  };
};

const keepBounds = (promises: Promises, what: string, seen: Seen, healthyMsMax: number): void => {
  keepAccount(promises, seen.account);
  promises.keep(
    `beside ${what}, a healthy receiver's events take less than ${healthyMsMax} ms; ` +
      `the 99th percentile was ${Math.round(seen.healthyP99Ms)}`,
    seen.healthyP99Ms < healthyMsMax,
  );
  promises.keep(
    `beside ${what}, memory grows by less than ${memoryMibMax} MiB; it grew by ${Math.round(seen.grownMib)}`,
    seen.grownMib < memoryMibMax,
  );
};

const lineOf = (what: string, seen: Seen): string =>
  `${what}: healthy p99 ${Math.round(seen.healthyP99Ms)} ms (before: ${Math.round(seen.calmP99Ms)}), longest gap ` +
  `${Math.round(seen.account.longestGapMs)} ms, memory +${Math.round(seen.grownMib)} MiB, longest attempt ` +
  `${seen.longestAttemptMs} ms, all delivered ${Math.round(seen.mendedMs)} ms after it was mended`;

/** Receivers that misbehave beside a healthy one: all at once, and in the long form each alone as well. */
export const receiversFault: Fault = {
  name: "receivers",
  title: "receivers that hang, break off, flood, lie and cannot be trusted, beside a healthy one",
  run: async (context) => {
    const promises = createPromises();
    const trap = await startReceiver({}, { host: "127.0.0.2" });
    context.onEnd(trap.close);
    const all = allMisbehaviours(trap.url);
    const groups = context.scale === "short" ? [all] : [...all.map((each) => [each]), all];
    const seen: Seen[] = [];
    for (const group of groups) {
      const [only] = group;
      const what = group.length === 1 && only !== undefined ? `a receiver that ${only.name}` : "all of them";
      const now = await observe(context, promises, group);
      keepBounds(promises, what, now, scales[context.scale].healthyMsMax);
      context.say(lineOf(what, now));
      seen.push(now);
    }
    promises.keep(`nobody follows a redirect; ${trap.connections} did`, trap.connections === 0);
    const most = (of: (one: Seen) => number): number => Math.round(Math.max(...seen.map(of)));
    return {
      account: addUp(seen.map(({ account }) => account)),
      figures: [
        { name: "ways to misbehave", value: all.length, unit: "" },
        { name: "healthy one before, p99, worst", value: most(({ calmP99Ms }) => calmP99Ms), unit: "ms" },
        { name: "healthy one beside, p99, worst", value: most(({ healthyP99Ms }) => healthyP99Ms), unit: "ms" },
        { name: "memory grown, most", value: most(({ grownMib }) => grownMib), unit: "MiB" },
        { name: "attempt with a timeout of 1 s, longest", value: most((one) => one.longestAttemptMs), unit: "ms" },
        { name: "all delivered after mending, longest", value: most(({ mendedMs }) => mendedMs), unit: "ms" },
      ],
      broken: promises.broken,
    };
  },
};
