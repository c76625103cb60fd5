import type { Clock } from "../lib/clock.ts";
import { type AccountsObserver, createAccountsObserver } from "./accounts.ts";
import { createDeliveryObserver, type DeliveryObserver } from "./delivery.ts";
import { createIngestObserver, type IngestObserver } from "./ingest.ts";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { createProcessObserver, type ProcessObserver } from "./process.ts";
import { createStoreObserver, type StoreObserver } from "./store.ts";

/** One function per thing that happens: it counts it and logs it together, so that the two never tell different stories. */
export type Observer = IngestObserver & DeliveryObserver & StoreObserver & ProcessObserver & AccountsObserver;

/** What an observer writes to. */
export type ObserverParts = {
  log: Logger;
  metrics: Pick<Metrics, "counter" | "histogram">;
  clock: Pick<Clock, "monotonicMs">;
};

/** The observer that the whole gateway shares. Parts of it ask for what they use: `Pick<Observer, "attempted">`. */
export const createObserver = ({ log, metrics, clock }: ObserverParts): Observer => ({
  ...createIngestObserver(log, metrics, clock),
  ...createDeliveryObserver(log, metrics, clock),
  ...createStoreObserver(log, metrics, clock),
  ...createProcessObserver(log, metrics),
  ...createAccountsObserver(log, metrics),
});
