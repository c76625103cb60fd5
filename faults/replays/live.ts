import { quantile } from "../../harness/statistics.ts";
import type { OwnFigure } from "../fault.ts";
import type { Load } from "../load.ts";
import { receivedOn } from "./received.ts";
import type { Setting } from "./setting.ts";

const perSecond = 20;
/** Far from the numbers of what is replayed. */
const firstNumber = 1_000_000_000;
const p99MsMax = 1_000;

/** Whether a number is that of an event which came while others were replayed. */
export const isLive = (number: number): boolean => number >= firstNumber;

/** Posts events while others are replayed. */
export const startLive = ({ context, ground, seeded }: Setting): Load =>
  context.startLoad({
    port: ground.gateway.port,
    path: seeded.source.path,
    connections: 1,
    ratePerSecond: perSecond,
    firstNumber,
  });

/** What became of them on a path: from being posted to being delivered. */
export const judgeLive = (
  { ground, promises }: Setting,
  { acknowledged }: Load,
  path: string,
): { readonly lost: number; readonly figures: readonly OwnFigure[] } => {
  const arrivedMs = new Map(
    receivedOn(ground.receiver, path, isLive).arrivals.map(({ number, atMs }) => [number, atMs]),
  );
  const tookMs = acknowledged.map(({ number, sentMs }) => (arrivedMs.get(number) ?? Infinity) - sentMs);
  const p99Ms = quantile(tookMs, 0.99);
  promises.keep(`live events are delivered within ${p99MsMax} ms (p99) meanwhile; it was ${p99Ms}`, p99Ms < p99MsMax);
  return {
    lost: tookMs.filter((ms) => ms === Infinity).length,
    figures: [
      { name: "live events delivered beside, p50", value: quantile(tookMs, 0.5), unit: "ms" },
      { name: "live events delivered beside, p99", value: p99Ms, unit: "ms" },
    ],
  };
};
