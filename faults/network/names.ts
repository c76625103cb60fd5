import { http } from "../../harness/http.ts";
import { quantile } from "../../harness/statistics.ts";
import { pause } from "../../harness/time.ts";
import { truncated } from "../../test/support/name-packet.ts";
import { type NameAnswer, type NameOptions, type NameServer, startNameServer } from "../../test/support/name-server.ts";
import type { Fault } from "../fault.ts";
import { createPromises, keepAccount, type Promises } from "../promises.ts";
import { attemptsOf } from "./attempts.ts";
import { latenciesMs } from "./latency.ts";
import { memoryMib } from "./memory.ts";
import { good, isDelivered, type Named, type NameStand, openNameStand, outcomesOf } from "./name-stand.ts";
import { openFilesOf } from "./open-files.ts";

const scales = {
  short: { warmMs: 300, brokenMs: 3_000, goneMs: 1_000, ratePerSecond: 10, silentNames: 20, healthyMsMax: 1_000 },
  long: { warmMs: 3_000, brokenMs: 30_000, goneMs: 10_000, ratePerSecond: 50, silentNames: 500, healthyMsMax: 250 },
} as const;

/** Of an attempt: longer than a name may take, so that attempts come to what became of the name. */
const timeoutMs = 4_000;
const lateMsMax = 1_000;
const lookMs = 50;
/** How long an address is believed whose record says 0 seconds. */
const believedMs = 1_000;

/** Beside one for each name that is asked for: those of requests on their way, at most one for each slot. */
const filesMax = 96;
const filesLeftMax = 32;

const noise = Buffer.alloc(200, 0xc3);

/** Ways in which a name server fails, and what attempts then come to. */
const failures: readonly (readonly [how: string, NameAnswer, outcome: string, options?: NameOptions])[] = [
  ["silence", "silence", "dns"],
  ["noise", [good], "dns", { spoil: (reply) => [Buffer.concat([reply.subarray(0, 2), noise])] }],
  ["cut", [good], "dns", { spoil: (reply) => [reply.subarray(0, -3)] }],
  ["forged", [good], "dns", { spoil: (reply) => [Buffer.concat([noise.subarray(0, 2), reply.subarray(2)])] }],
  // Asked again over TCP.
  ["truncated", [good], "200", { spoil: (reply) => [truncated(reply)] }],
  ["nxdomain", "nxdomain", "dns"],
  ["servfail", "servfail", "dns"],
  ["empty", [], "dns"],
  ["slow", [good], "200", { delayMs: 500 }],
  ["too-slow", [good], "dns", { delayMs: 3_500 }],
];

/** Events for the names that nobody answers for: as many lanes as names are busy with each. */
const crowdEvents = 4;

/**
 * What one name may be asked for within a second, in packets. Where there is no answer: both families, three tries each, and as
 * a failure is believed for three seconds, at most one look-up in three. Where it is cut short: both families, and again
 * over TCP, as the answer is believed for a second.
 */
const questionsPerSecondMax = 4;
/** One look-up that was under way at each end. */
const questionsBeside = 12;

/** Waits for `forMs`. Gives the most files and memory that the process had meanwhile. */
const watch = async (pid: number, forMs: number): Promise<{ readonly files: number; readonly mib: number }> => {
  const endMs = performance.now() + forMs;
  let files = openFilesOf(pid);
  let mib = memoryMib(pid);
  while (performance.now() < endMs) {
    await pause(lookMs);
    files = Math.max(files, openFilesOf(pid));
    mib = Math.max(mib, memoryMib(pid));
  }
  return { files, mib };
};

/** Names that share a source and lead nowhere for a while. */
const addCrowd = async (
  { stand, add }: NameStand,
  count: number,
): Promise<{ path: string; crowd: readonly Named[] }> => {
  const source = await stand.gateway.client.makeSource({ name: "crowd", require_signature: false });
  const crowd: Named[] = [];
  for (let index = 0; index < count; index += 1) crowd.push(await add(`crowd-${index}.test`, source.id));
  return { path: source.path, crowd };
};

/** What the attempts at a name came to since then. */
type Since = { readonly sinceMs: number };

const keepOutcome = (
  promises: Promises,
  nameStand: NameStand,
  named: Named,
  { expected, sinceMs }: Since & { readonly expected: string },
): void => {
  const outcomes = outcomesOf(nameStand, named, sinceMs);
  const found = [...outcomes].map(([outcome, count]) => `${count} × ${outcome}`).join(", ");
  const isAsExpected = outcomes.size > 0 && [...outcomes.keys()].every((outcome) => outcome === expected);
  promises.keep(`attempts at ${named.name} come to ${expected}; they came to ${found}`, isAsExpected);
  const { directory } = nameStand.stand.gateway;
  const longestMs = Math.max(0, ...attemptsOf(directory, named.destinationId).map((each) => each.longestMs));
  promises.keep(`attempts at ${named.name} end in time; one took ${longestMs} ms`, longestMs < timeoutMs + lateMsMax);
};

/** Asks per name and second, of the name that was asked for most. */
const mostAsked = ({ questions }: NameServer, from: number): number => {
  const counts = new Map<string, number>();
  for (const { name } of questions.slice(from)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Math.max(0, ...counts.values());
};

/** Name servers that do not answer, or not as they should, and then are gone altogether, and come back. */
export const namesFault: Fault = {
  name: "names",
  title: "name servers that are silent, slow, wrong or gone, beside destinations that need no name or another one",
  run: async (context) => {
    const { warmMs, brokenMs, goneMs, ratePerSecond, silentNames, healthyMsMax } = scales[context.scale];
    const promises = createPromises();
    const nameStand = await openNameStand(context, { ratePerSecond, timeoutMs });
    const { stand, names, receiver, add } = nameStand;
    const { gateway, load } = stand;
    const { pid } = gateway.serve;
    const healthy = await add("healthy.test");
    const broken = await Promise.all(failures.map(([how]) => add(`${how}.test`)));
    const { path, crowd } = await addCrowd(nameStand, silentNames);
    await pause(warmMs);
    const before = { files: openFilesOf(pid), mib: memoryMib(pid), questions: names.questions.length };

    for (const [how, answer, , options] of failures) names.set(`${how}.test`, answer, options);
    for (const { name } of crowd) names.set(name, "silence");
    const brokenFromMs = performance.now();
    // What was resolved before is believed for a second.
    const sinceMs = Date.now() + believedMs;
    stand.strike();
    for (let event = 0; event < crowdEvents; event += 1) {
      await http(gateway.url + path, { method: "POST", body: JSON.stringify({ number: -1 - event }) });
    }
    const during = await watch(pid, brokenMs);
    for (const [index, [, , outcome]] of failures.entries()) {
      const named = broken[index];
      if (named !== undefined) keepOutcome(promises, nameStand, named, { expected: outcome, sinceMs });
    }
    keepOutcome(promises, nameStand, healthy, { expected: "200", sinceMs });
    const asked = mostAsked(names, before.questions);
    const askedMax = (questionsPerSecondMax * (performance.now() - brokenFromMs)) / 1_000 + questionsBeside;
    promises.keep(`no name is asked for more than ${Math.round(askedMax)} times; one was ${asked}`, asked <= askedMax);

    await names.close();
    const gone = await watch(pid, goneMs);
    const beside = latenciesMs(load, stand.receiver, { fromMs: brokenFromMs, untilMs: performance.now() });
    const back = await startNameServer({ port: Number(names.address.split(":")[1]) });
    context.onEnd(back.close);
    const backMs = performance.now();
    const taken = receiver.requests.length;
    for (const { name } of [healthy, ...broken, ...crowd]) back.set(name, [good]);
    await receiver.waitFor(taken + 1);
    const resumedMs = performance.now() - backMs;
    const account = await stand.settle();
    const settledMs = performance.now() - backMs;
    keepAccount(promises, account);
    for (const named of [healthy, ...broken, ...crowd]) {
      promises.keep(`everything for ${named.name} is delivered once its server is back`, isDelivered(nameStand, named));
    }
    const p99Ms = quantile(beside, 0.99);
    promises.keep(
      `events that need no name take less than ${healthyMsMax} ms; the 99th percentile was ${Math.round(p99Ms)}`,
      p99Ms < healthyMsMax,
    );
    const mostFiles = Math.max(during.files, gone.files) - before.files;
    promises.keep(`sockets stay within bounds; ${mostFiles} more were open`, mostFiles < silentNames + filesMax);
    const leftFiles = openFilesOf(pid) - before.files;
    promises.keep(`no socket is left; ${leftFiles} more are open`, leftFiles < filesLeftMax);
    return {
      account,
      figures: [
        { name: "names that nobody answers for", value: silentNames, unit: "" },
        { name: "beside them, p99", value: p99Ms, unit: "ms" },
        { name: "questions for one name, most", value: asked, unit: "" },
        { name: "sockets and files more, most", value: mostFiles, unit: "" },
        { name: "memory grown, most", value: Math.max(during.mib, gone.mib) - before.mib, unit: "MiB" },
        { name: "first delivery after the server was back", value: resumedMs, unit: "ms" },
        { name: "all delivered after the server was back", value: settledMs, unit: "ms" },
      ],
      broken: promises.broken,
    };
  },
};
