import type { Clock } from "../../lib/clock.ts";
import type { RunQuery } from "../kysely.ts";
import { StoreError } from "../store-error.ts";
import { toStoreError } from "./_failure.ts";
import { openConnection } from "./connection.ts";
import { createReaders } from "./readers.ts";

/** Rows that one lookup may bring to memory. */
const lookupRowsMax = 10_000;
const busyTimeoutMs = 5000;

/** The two ways to read: here and now, by key; and away from the event loop. */
export type Reads = { readonly lookup: RunQuery; readonly list: RunQuery; close(): Promise<void> };

/** The thrown values of `node:sqlite` carry SQLite's code. */
const storeErrorOf = (error: unknown): StoreError => {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const errcode = error instanceof Error && "errcode" in error ? Number(error.errcode) : 0;
  return toStoreError({ message, errcode }, error);
};

/** Opens the connection for lookups, and prepares those for lists. */
export const createReads = (path: string, clock: Pick<Clock, "after">): Reads => {
  const local = openConnection({ path, readOnly: true, busyTimeoutMs });
  const readers = createReaders(path, clock);
  let isClosed = false;
  return {
    lookup: async (sql, parameters) => {
      if (isClosed) throw new StoreError("closed", "the store is closed");
      try {
        return local.answer({ kind: "query", sql, parameters, rowsMax: lookupRowsMax });
      } catch (error) {
        throw storeErrorOf(error);
      }
    },
    list: (sql, parameters) => readers.query(sql, parameters),
    close: async () => {
      isClosed = true;
      local.close();
      await readers.close();
    },
  };
};
