import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { pause } from "../../harness/time.ts";
import type { Fill } from "./fill.ts";
import { createInserts } from "./inserts.ts";
import { readOwned } from "./owned.ts";
import { createEventMaker } from "./rows.ts";

const eventsPerTransaction = 20_000;

/**
 * Fills the store in `directory`, which no process holds now. It was made by the gateway itself, so tables and indexes
 * are the real ones. Written without fsyncs, and in one go: what is measured comes later.
 */
export const seedStore = async (
  directory: string,
  { events, sources, spanMs, endedMsAgo = 0 }: Fill,
): Promise<void> => {
  const startMs = Date.now() - endedMsAgo - spanMs;
  const owned = sources.map((source) => ({ ...source, ...readOwned(directory, source.id) }));
  const database = new DatabaseSync(join(directory, "postern.db"), { timeout: 5_000 });
  try {
    database.exec("pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -262144");
    // Retention looks for nothing in sources that are younger than what would be too old.
    const age = database.prepare("update sources set created_at_ms = min(created_at_ms, ?) where id = ?");
    for (const { sourceId } of owned) age.run(startMs, sourceId);
    const insert = createInserts(database);
    const makeEvent = createEventMaker(owned);
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
