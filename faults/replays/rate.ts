import type { OwnFigure } from "../fault.ts";
import { mostInASecond } from "../nodes/order.ts";
import type { Arrival } from "../receiver.ts";
import type { Setting } from "./setting.ts";

/** Of a rate, in any sliding second. */
const overRate = 1.05;

const perSecond = (sentMs: readonly number[]): number =>
  ((sentMs.length - 1) * 1000) / ((sentMs.at(-1) ?? 0) - (sentMs[0] ?? 0));

/**
 * Whether replays kept their rate. On a busy machine requests that were sent in time come in a heap: what counts is when they
 * were sent.
 */
export const judgeRate = async (
  { ground, course: { ratePerSecond }, promises }: Setting,
  replayIds: readonly string[],
  arrivals: readonly Arrival[],
): Promise<readonly OwnFigure[]> => {
  const sent: (readonly number[])[] = [];
  for (const id of replayIds) sent.push(await ground.sentMs(id));
  const most = Math.max(...sent.map(mostInASecond));
  promises.keep(
    `at most ${ratePerSecond} events a second, and 5 % more, in any second; there were ${most}`,
    most <= ratePerSecond * overRate,
  );
  const average = sent.reduce((sum, times) => sum + perSecond(times), 0) / sent.length;
  return [
    { name: "rate", value: ratePerSecond, unit: "/s" },
    { name: "sent a second, on average", value: average, unit: "/s" },
    { name: "sent in any second, most", value: most, unit: "" },
    { name: "received in any second, most", value: mostInASecond(arrivals.map(({ atMs }) => atMs)), unit: "" },
  ];
};
