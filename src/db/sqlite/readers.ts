import type { Clock } from "../../lib/clock.ts";
import type { OperationResult, SqlValue } from "../statement.ts";
import { StoreError } from "../store-error.ts";
import { createThread, type Thread } from "./thread.ts";

const readersCount = 2;
/** Reads that may wait for each reader before more are refused. */
const waitingMax = 64;
const rowsMax = 10_000;
const readMsMax = 10_000;

/** A small pool of connections for lists, counts and searches. */
export type Readers = {
  query(sql: string, parameters: readonly SqlValue[]): Promise<OperationResult>;
  close(): Promise<void>;
};

/** Opens nothing until the first read. */
export const createReaders = (path: string, clock: Pick<Clock, "after">): Readers => {
  const threads = Array.from({ length: readersCount }, () =>
    createThread({ path, readOnly: true, busyTimeoutMs: 5000 }),
  );
  const leastBusy = (): Thread => threads.reduce((best, next) => (next.pending < best.pending ? next : best));
  return {
    query: async (sql, parameters) => {
      const reader = leastBusy();
      if (reader.pending >= waitingMax) throw new StoreError("unavailable", "too many reads wait; try again");
      const late = Promise.withResolvers<never>();
      const timer = clock.after(readMsMax, () =>
        late.reject(new StoreError("unavailable", `a read took more than ${readMsMax} ms; narrow its filter`)),
      );
      try {
        return await Promise.race([reader.ask({ kind: "query", sql, parameters, rowsMax }), late.promise]);
      } finally {
        timer.cancel();
      }
    },
    close: async () => {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
};
