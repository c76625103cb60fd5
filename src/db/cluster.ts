import type { OperationResult, SqlValue } from "./statement.ts";

/** What processes that share a database have between them, beside what they write there. */
export type Cluster = {
  /**
   * One statement of PostgreSQL's, its values as `?`, in a durable transaction of its own and on a connection that waits for
   * no batch: whoever has much to write still says in time that it is alive.
   * @throws {StoreError}
   */
  query(sql: string, parameters?: readonly SqlValue[]): Promise<OperationResult["rows"]>;
  /** Calls to all processes, this one included. Whoever does not listen at the moment never hears of it. */
  notify(channel: string, payload: string): Promise<void>;
  /**
   * Hears what is called on these channels, until `close`. A connection that breaks is opened again. Behind a pooler that
   * gives connections out by transaction nothing is ever heard.
   */
  listen(channels: readonly string[], onCall: (channel: string, payload: string) => void): Listening;
};

/** Somebody who listens. */
export type Listening = { close(): Promise<void> };

/** Bytes of a payload, at most: PostgreSQL takes less than 8,000. */
export const payloadBytesMax = 7_900;
