import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { pause } from "../../harness/time.ts";
import { createInserts } from "./inserts.ts";
import { createEventMaker, type SeedSource } from "./rows.ts";

/** What to fill a store with: so many events, oldest first, spread over the sources and the time until now. */
export type Seed = { readonly events: number; readonly sources: readonly SeedSource[]; readonly spanMs: number };

const eventsPerTransaction = 20_000;

/**
 * Fills the store in `directory`, which no process holds now. It was made by the gateway itself, so tables and indexes
 * are the real ones. Written without fsyncs, and in one go: what is measured comes later.
 */
export const seedStore = async (directory: string, { events, sources, spanMs }: Seed): Promise<void> => {
  const database = new DatabaseSync(join(directory, "postern.db"), { timeout: 5_000 });
  try {
    database.exec("pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -262144");
    const insert = createInserts(database);
    const makeEvent = createEventMaker(sources);
    const startMs = Date.now() - spanMs;
    for (let from = 0; from < events; from += eventsPerTransaction) {
      database.exec("begin");
      for (let number = from; number < Math.min(events, from + eventsPerTransaction); number += 1) {
        insert(makeEvent(number, startMs + Math.floor((spanMs * number) / events)));
      }
      database.exec("commit");
      // A signal to stop is heard in between.
      await pause(0);
    }
    database.exec("pragma journal_mode = wal; pragma optimize");
  } finally {
    database.close();
  }
};
