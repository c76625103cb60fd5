import type { Fill } from "../store/fill.ts";

/** Where a gateway's store is: a directory of its own, and what else it is told by its environment. */
export type StorePlace = {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
};

/** Where the gateways of a run keep their events. */
export type Stores = {
  /** An empty store for a gateway that is about to start in `directory`. */
  next(directory: string): Promise<StorePlace>;
  /** Adds events to a store that no gateway runs on now. */
  seed(place: StorePlace, fill: Fill): Promise<void>;
  /** Processor time of the database server until now. 0 where there is none. */
  cpuSeconds(): number;
  /** Bytes that the database server has written to its log until now. 0 where there is none. */
  logBytes(): Promise<number>;
  close(): Promise<void>;
};
