import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { z } from "zod";

/** What the attempts of one destination came to, and how long the longest took. */
export type AttemptCount = {
  readonly status: number | null;
  readonly code: string | null;
  readonly count: number;
  readonly longestMs: number;
};

/** What became of a destination's deliveries, in the words of the store. */
export type DeliveryCount = { readonly status: string; readonly count: number };

const attemptCounts = z.array(
  z.object({ status: z.int().nullable(), code: z.string().nullable(), count: z.int(), longestMs: z.number() }),
);
const deliveryCounts = z.array(z.object({ status: z.string(), count: z.int() }));

const busyMs = 5_000;

const ask = <Row>(directory: string, sql: string, destinationId: string, rows: z.ZodType<Row>): Row => {
  const database = new DatabaseSync(join(directory, "postern.db"), { timeout: busyMs });
  try {
    return rows.parse(database.prepare(sql).all(Buffer.from(destinationId.replaceAll("-", ""), "hex")));
  } finally {
    database.close();
  }
};

/** What a destination's attempts came to so far, seen from outside. */
export const attemptsOf = (directory: string, destinationId: string): readonly AttemptCount[] =>
  ask(
    directory,
    `select response_status as status, code, count(*) as count, max(duration_ms) as longestMs
     from attempts where destination_id = ? group by 1, 2`,
    destinationId,
    attemptCounts,
  );

/** What became of a destination's deliveries so far. */
export const deliveriesOf = (directory: string, destinationId: string): readonly DeliveryCount[] =>
  ask(
    directory,
    "select status, count(*) as count from deliveries where destination_id = ? group by 1",
    destinationId,
    deliveryCounts,
  );
