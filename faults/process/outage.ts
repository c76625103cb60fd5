import { http } from "../../harness/http.ts";
import { pause } from "../../harness/time.ts";
import type { OwnFigure } from "../fault.ts";
import type { Refused } from "../load.ts";
import type { Promises } from "../promises.ts";
import type { Stand } from "../stand.ts";

/** A store that cannot be written for a while, and how that is brought about. */
export type Outage = {
  readonly forMs: number;
  begin(): void;
  end(): void;
  /** Whether from its beginning on nothing at all can be written. */
  readonly isTotal: boolean;
};

/** Times from the end of the outage. */
export type Recovery = { readonly readyMs: number; readonly acceptedMs: number; readonly deliveredMs: number };

const recoveredMsMax = 3_000;
const refusedMsMax = 60_000;
const lookMs = 10;

/** What commits were under way when it began may still be acknowledged. */
const graceMs = 250;

const statusOf = async (url: string): Promise<number> => (await http(url, { timeoutMs: 10_000 })).status;

/** Gives the time until `isSo`, or Infinity after `timeoutMs`. */
const timeUntil = async (isSo: () => boolean | Promise<boolean>, timeoutMs: number): Promise<number> => {
  const startedMs = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startedMs > timeoutMs) return Infinity;
    await pause(lookMs);
  }
  return performance.now() - startedMs;
};

const saysWhen = ({ status, head }: Refused): boolean => status === 503 && /\r\nretry-after: \d+/i.test(head);

const keepWhileOut = async (
  { gateway, load }: Stand,
  { isTotal }: Outage,
  fromMs: number,
  promises: Promises,
): Promise<void> => {
  const ready = await statusOf(`${gateway.url}/readyz`);
  const alive = await statusOf(`${gateway.url}/healthz`);
  const refused = load.refused.filter(({ atMs }) => atMs >= fromMs);
  const acknowledged = load.acknowledged.filter(({ ackedMs }) => ackedMs > fromMs + graceMs).length;
  promises.keep("while nothing can be written, /healthz answers 200", alive === 200);
  promises.keep("while nothing can be written, events are refused", refused.length > 0);
  promises.keep("each refusal is a 503 that says retry-after", refused.every(saysWhen));
  if (!isTotal) return;
  promises.keep("while nothing can be written, /readyz answers 503", ready === 503);
  promises.keep(`while nothing can be written, nothing is acknowledged; ${acknowledged} were`, acknowledged === 0);
};

const recover = async ({ gateway, load, receiver }: Stand, promises: Promises): Promise<Recovery> => {
  const fromMs = performance.now();
  const acceptedAt = (): number => load.acknowledged.findLast(({ ackedMs }) => ackedMs > fromMs)?.ackedMs ?? Infinity;
  const deliveredAt = (): number => receiver.arrivals.find(({ atMs }) => atMs > fromMs)?.atMs ?? Infinity;
  const [readyMs, acceptedMs, deliveredMs] = await Promise.all([
    timeUntil(async () => (await statusOf(`${gateway.url}/readyz`)) === 200, recoveredMsMax),
    timeUntil(() => acceptedAt() < Infinity, recoveredMsMax),
    timeUntil(() => deliveredAt() < Infinity, recoveredMsMax),
  ]);
  const isWell = Math.max(readyMs, acceptedMs, deliveredMs) < recoveredMsMax;
  promises.keep(`it is ready, accepts and delivers again within ${recoveredMsMax} ms`, isWell);
  return { readyMs, acceptedMs, deliveredMs };
};

/** Has a store fail under load, looks at what is answered meanwhile, and waits until all is well again. */
export const observeOutage = async (stand: Stand, outage: Outage, promises: Promises): Promise<Recovery> => {
  stand.strike();
  const refusedBefore = stand.load.refused.length;
  const fromMs = performance.now();
  outage.begin();
  const refusedMs = await timeUntil(() => stand.load.refused.length > refusedBefore, refusedMsMax);
  promises.keep("a store that cannot be written is noticed", refusedMs < refusedMsMax);
  await pause(outage.forMs);
  await keepWhileOut(stand, outage, fromMs, promises);
  outage.end();
  return recover(stand, promises);
};

/** The longest of each time. */
export const recoveryFigures = (recoveries: readonly Recovery[]): readonly OwnFigure[] => {
  const longest = (of: (recovery: Recovery) => number): number => Math.max(...recoveries.map(of));
  return [
    { name: "space until ready, longest", value: longest(({ readyMs }) => readyMs), unit: "ms" },
    { name: "space until accepted, longest", value: longest(({ acceptedMs }) => acceptedMs), unit: "ms" },
    { name: "space until delivered, longest", value: longest(({ deliveredMs }) => deliveredMs), unit: "ms" },
  ];
};
