import type { Children } from "../harness/children.ts";
import type { Gateway, GatewayWish } from "./gateway.ts";
import type { Load, LoadWish } from "./load.ts";
import type { Receiver } from "./receiver.ts";

/** `short`: a few seconds, as the test suite runs it. `long`: as `npm run faults` does. */
export type Scale = "short" | "long";

/** What a fault is given. Whatever it starts here ends with it. */
export type FaultContext = {
  readonly scale: Scale;
  readonly children: Children;
  /** A fresh directory, which is removed when the fault is over. */
  newDirectory(name: string): string;
  /** Starts a gateway in a process of its own, and waits until it is ready. */
  startGateway(wish?: GatewayWish): Promise<Gateway>;
  /** Posts numbered events until it is stopped, also across restarts of the gateway. */
  startLoad(wish: LoadWish): Load;
  /**
   * A destination that notes every numbered event. Answers 200 until it is told otherwise. `keptHeaders`: the names of the
   * headers that it notes. Default: all.
   */
  startReceiver(keptHeaders?: readonly string[]): Promise<Receiver>;
  /** Has something closed when the fault is over: last first. */
  onEnd(close: () => void | Promise<void>): void;
  /** Tells whoever waits what is being done. */
  say(line: string): void;
};

/** What every fault counts. */
export type Account = {
  /** Events that were answered with 200. */
  readonly acknowledged: number;
  /** Those among them that were not delivered, or are not in the store. */
  readonly lost: number;
  /** Events that are still being forwarded at the end, and deliveries that are due or claimed. */
  readonly stuck: number;
  /** Deliveries beyond the first of an event. */
  readonly duplicates: number;
  /** As many as were under way when faults struck: sent, and not yet recorded. */
  readonly duplicatesMax: number;
  /** The longest time, from the first fault on, without any delivery although something was acknowledged and not delivered. */
  readonly longestGapMs: number;
  /** How often someone had to start the gateway again. */
  readonly restarts: number;
};

export type Unit = "" | "ms" | "s" | "/s" | "MiB";

/** Something that one fault alone measures. */
export type OwnFigure = { readonly name: string; readonly value: number; readonly unit: Unit };

/** What came of a fault. */
export type FaultResult = {
  readonly account: Account;
  readonly figures: readonly OwnFigure[];
  /** Promises that did not hold, each in a sentence. */
  readonly broken: readonly string[];
};

/** Something that goes wrong, on purpose, and what must hold all the same. */
export type Fault = {
  /** One word, for the command line. */
  readonly name: string;
  readonly title: string;
  run(context: FaultContext): Promise<FaultResult>;
};
