import { http } from "../../harness/http.ts";
import { quantile } from "../../harness/statistics.ts";
import { pause } from "../../harness/time.ts";
import type { Fault, FaultContext } from "../fault.ts";
import type { Load } from "../load.ts";
import { createPromises, keepAccount } from "../promises.ts";
import { openStand, type Stand } from "../stand.ts";
import type { Span } from "./latency.ts";

/**
 * `noiseMs`: below this, what a busy machine does by itself is larger than what is measured. `isBestEnough`: whether one round
 * counts in which events were not delayed; sign-ups delay them in each, what else the machine does comes and goes.
 */
const scales = {
  short: { rounds: 3, spanMs: 2_000, ratePerSecond: 100, noiseMs: 150, isBestEnough: true },
  long: { rounds: 4, spanMs: 10_000, ratePerSecond: 200, noiseMs: 4, isBestEnough: false },
} as const;

const signUpsPerSecond = 20;
const factorMax = 2;
/** Longer than any that may wait takes. */
const answerMsMax = 20_000;

/** What came of those who signed up. */
type Storm = { readonly statuses: readonly number[]; readonly slowestMs: number };

/** Each from an address of their own: nobody is held back for what others do. */
const signUp = async (url: string, number: number): Promise<{ status: number; tookMs: number }> => {
  const sentMs = performance.now();
  const name = `Somebody ${number}`;
  const { status } = await http(`${url}/v1/auth/sign-up/email`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-forwarded-for": `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
    },
    body: JSON.stringify({ name, email: `somebody-${number}@example.com`, password: `the password of ${number}` }),
    timeoutMs: answerMsMax,
  });
  return { status, tookMs: performance.now() - sentMs };
};

const storm = async (url: string, { firstNumber, forMs }: { firstNumber: number; forMs: number }): Promise<Storm> => {
  const everyMs = 1_000 / signUpsPerSecond;
  const startedMs = performance.now();
  const asked: ReturnType<typeof signUp>[] = [];
  for (let count = 0; count * everyMs < forMs; count += 1) {
    await pause(Math.max(0, startedMs + count * everyMs - performance.now()));
    asked.push(signUp(url, firstNumber + count));
  }
  const answers = await Promise.all(asked);
  return {
    statuses: answers.map(({ status }) => status),
    slowestMs: Math.max(...answers.map(({ tookMs }) => tookMs)),
  };
};

const ackP99Ms = ({ acknowledged }: Load, spans: readonly Span[]): number =>
  quantile(
    acknowledged
      .filter(({ sentMs }) => spans.some(({ fromMs, untilMs }) => sentMs >= fromMs && sentMs < untilMs))
      .map(({ sentMs, ackedMs }) => ackedMs - sentMs),
    0.99,
  );

/** Runs something, and gives when it was. */
const during = async <T>(work: () => Promise<T>): Promise<{ span: Span; result: T }> => {
  const fromMs = performance.now();
  const result = await work();
  return { span: { fromMs, untilMs: performance.now() }, result };
};

/** How long events take to be acknowledged, at the 99th percentile, and how long they may. */
type Judged = { readonly calmMs: number; readonly besideMs: number; readonly mostMs: number };

const judge = (load: Load, rounds: readonly Round[], noiseMs: number): Judged => {
  const calmMs = ackP99Ms(
    load,
    rounds.map(({ calm }) => calm),
  );
  const besideMs = ackP99Ms(
    load,
    rounds.map(({ beside }) => beside),
  );
  return { calmMs, besideMs, mostMs: Math.max(noiseMs, factorMax * calmMs) };
};

type Round = { readonly calm: Span; readonly beside: Span };

/** Calm and storm in turn, so that what else the machine does falls on both. `counted`: what is judged by the time it took. */
const inTurn = async (
  { scale, say }: FaultContext,
  { gateway: { url }, load }: Pick<Stand, "gateway" | "load">,
): Promise<{ readonly counted: readonly Round[]; readonly storms: readonly Storm[] }> => {
  const { rounds: roundsMax, spanMs, noiseMs, isBestEnough } = scales[scale];
  const rounds: Round[] = [];
  const storms: Storm[] = [];
  const isDelayed = (round: Round): boolean => {
    const { besideMs, mostMs } = judge(load, [round], noiseMs);
    return besideMs >= mostMs;
  };
  while (rounds.length < roundsMax) {
    const { span: calm } = await during(() => pause(spanMs));
    const firstNumber = 1 + rounds.length * 10_000;
    const { span: beside, result } = await during(() => storm(url, { firstNumber, forMs: spanMs }));
    const round = { calm, beside };
    rounds.push(round);
    storms.push(result);
    say(
      `round ${rounds.length}: ${result.statuses.length} signed up, the slowest was answered in ${Math.round(result.slowestMs)} ms`,
    );
    if (isBestEnough && !isDelayed(round)) return { counted: [round], storms };
  }
  return { counted: rounds, storms };
};

/** Many who sign up at once: each takes a password hash, which is slow on purpose. */
export const signUpsFault: Fault = {
  name: "sign-ups",
  title: `${signUpsPerSecond} people a second who sign up, beside good senders`,
  run: async (context) => {
    const { ratePerSecond, noiseMs } = scales[context.scale];
    const promises = createPromises();
    const environment = { SIGN_UP: "open", TRUSTED_PROXIES: "127.0.0.1" };
    const stand = await openStand(context, { gateway: { environment }, load: { ratePerSecond } });
    stand.strike();
    const { counted, storms } = await inTurn(context, stand);
    const account = await stand.settle();
    const { calmMs, besideMs, mostMs } = judge(stand.load, counted, noiseMs);
    const statuses = storms.flatMap((each) => each.statuses);
    const count = (wanted: number): number => statuses.filter((status) => status === wanted).length;
    keepAccount(promises, account);
    const { length: refused } = stand.load.refused;
    promises.keep(`no sender is refused; ${refused} were`, refused === 0);
    promises.keep(
      `events are acknowledged in less than ${factorMax} times what they take otherwise, ${mostMs.toFixed(1)} ms at the 99th percentile; it was ${besideMs.toFixed(1)}`,
      besideMs < mostMs,
    );
    promises.keep(
      `whoever signs up comes in or is told to wait; ${statuses.filter((status) => status !== 200 && status !== 429).join(", ")} came, too`,
      statuses.every((status) => status === 200 || status === 429),
    );
    promises.keep("somebody comes in", count(200) > 0);
    return {
      account,
      figures: [
        { name: "people who signed up", value: count(200), unit: "" },
        { name: "people who were told to wait", value: count(429), unit: "" },
        { name: "slowest answer to one of them", value: Math.max(...storms.map((each) => each.slowestMs)), unit: "ms" },
        { name: "events acknowledged before, p99", value: calmMs, unit: "ms" },
        { name: "events acknowledged beside, p99", value: besideMs, unit: "ms" },
      ],
      broken: promises.broken,
    };
  },
};
