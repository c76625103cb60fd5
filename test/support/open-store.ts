import { openPostgres, type PostgresOptions } from "../../src/db/postgres/engine.ts";
import { openSqlite, type SqliteOptions } from "../../src/db/sqlite/engine.ts";
import type { Store } from "../../src/db/store.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { createSystemRandom } from "../../src/lib/random.ts";

/** What is told of a store, whichever engine runs. */
export type StoreObserver = SqliteOptions["observer"] & PostgresOptions["observer"];

/** Where a store is: in a directory, or where `url` says. */
export type StorePlace = {
  readonly directory: string;
  readonly url: string | null;
  readonly clock: Clock;
  readonly observer: Partial<StoreObserver>;
  readonly walBytesMax?: number;
};

/** Opens a store of either engine. */
export const openStoreAt = async ({ directory, url, clock, observer, walBytesMax }: StorePlace): Promise<Store> => {
  const told: StoreObserver = {
    committed() {},
    commitFailed() {},
    checkpointFailed() {},
    statementsSent() {},
    storeUnsafe() {},
    ...observer,
  };
  if (url !== null) {
    const random = createSystemRandom();
    return (await openPostgres({ url, migrationPolicy: "auto", clock, random, observer: told })).store;
  }
  return openSqlite({ directory, clock, observer: told, ...(walBytesMax === undefined ? {} : { walBytesMax }) }).store;
};
