import { type Operation, rawStatement } from "../db/statement.ts";
import type { Delivery } from "./delivery.ts";

/**
 * `claims` of a delivery that may have been under way at a crash, and of no other. It grows with each further attempt
 * that begins, and an outcome makes it 0 again.
 */
export const suspectClaims = 2;

/**
 * `claims` of a delivery that was claimed at a crash and waited for its turn, by what slots tell. A success frees its slot
 * before it is on disk, so a crash may have been the fault of one further back: from the first crash on, until an outcome
 * of its own is on disk, whoever is claimed frees its slot only then, and a second crash finds its cause at the front.
 */
const besideClaims = -1;

/** Whether a process has died with this claim on record, since the last recorded attempt. */
export const hasSeenCrash = ({ claims }: Pick<Delivery, "claims">): boolean =>
  claims === besideClaims || claims >= suspectClaims;

/** SQL for the `claims` of a claim that a dead process held, when it waited for its turn. */
export const besideSql: string = `case when claims < ${suspectClaims} then ${besideClaims} else claims end`;

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
