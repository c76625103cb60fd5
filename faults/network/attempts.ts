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

type Question = { readonly sql: string; readonly destinationId: string; readonly more?: readonly number[] };

const ask = <Row>(directory: string, { sql, destinationId, more = [] }: Question, rows: z.ZodType<Row>): Row => {
  const database = new DatabaseSync(join(directory, "postern.db"), { timeout: busyMs });
  try {
    return rows.parse(database.prepare(sql).all(Buffer.from(destinationId.replaceAll("-", ""), "hex"), ...more));
  } finally {
    database.close();
  }
};

/** What a destination's attempts came to, seen from outside: those that began since then. Default: all so far. */
export const attemptsOf = (directory: string, destinationId: string, sinceMs = 0): readonly AttemptCount[] =>
  ask(
    directory,
    {
      sql: `select response_status as status, code, count(*) as count, max(duration_ms) as longestMs
            from attempts where destination_id = ? and started_at_ms >= ? group by 1, 2`,
      destinationId,
      more: [sinceMs],
    },
    attemptCounts,
  );

/** What became of a destination's deliveries so far. */
export const deliveriesOf = (directory: string, destinationId: string): readonly DeliveryCount[] =>
  ask(
    directory,
    { sql: "select status, count(*) as count from deliveries where destination_id = ? group by 1", destinationId },
    deliveryCounts,
  );
