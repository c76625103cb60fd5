import { type Operation, rawStatement } from "../db/statement.ts";
import type { Delivery } from "./delivery.ts";

/**
 * `claims` of a delivery that may have been under way at a crash, and of no other. It grows with each further attempt
 * that begins, and an outcome makes it 0 again.
 */
export const suspectClaims = 2;

/** SQL for the `claims` of a claim that is given back untried. */
export const givenBackSql: string = `case when claims < ${suspectClaims} then 0 else claims end`;

/** SQL for the `claims` of a claim that a dead process held, when the attempt may have been under way. */
export const suspectedSql: string = `case when claims < ${suspectClaims} then ${suspectClaims} else claims end`;

const charge = rawStatement(
  "update deliveries set claims = claims + 1 where event_id = ? and id = ? and generation = ?",
  {
    together: `update deliveries set claims = claims + 1 from input
      where event_id = input.v1 and id = input.v2 and generation = input.v3`,
    parameters: ["id", "id", "integer"],
    returns: false,
  },
);

/** What records that suspects are tried. */
export const chargeOperation = (deliveries: readonly Delivery[]): Operation => ({
  statement: charge,
  rows: deliveries.map(({ eventId, id, generation }) => [eventId, id, generation]),
});
