import type { Row } from "../db/held-rows.ts";
import { type Operation, updateStatement } from "../db/statement.ts";
import { claimedDueMs, type CancelReason, type Delivery, type FailReason } from "./delivery.ts";
import { suspectClaims } from "./suspect.ts";

/**
 * What becomes of a claimed delivery.
 *
 * - `ended`: for good.
 * - `due`: given back to the store until then.
 * - `held`: kept by its lane, which is ordered, until then.
 */
export type Settlement =
  | { readonly to: "ended"; readonly status: "success"; readonly endedAtMs: number }
  | { readonly to: "ended"; readonly status: "failed"; readonly reason: FailReason; readonly endedAtMs: number }
  | { readonly to: "ended"; readonly status: "cancelled"; readonly reason: CancelReason; readonly endedAtMs: number }
  | { readonly to: "due"; readonly atMs: number }
  | { readonly to: "held"; readonly untilMs: number };

/** A claimed delivery, what became of it, and the attempts that it has had by now. */
export type Settled = { readonly delivery: Delivery; readonly settlement: Settlement; readonly attempts: number };

const settle = updateStatement({
  table: "deliveries",
  match: { event_id: "id", id: "id", generation: "integer" },
  set: {
    status: "text",
    reason: "text",
    due_at_ms: "integer",
    not_before_ms: "integer",
    attempts: "integer",
    claims: "integer",
    ended_at_ms: "integer",
  },
});

const changesOf = (settlement: Settlement, attempts: number): (string | number | null)[] => {
  switch (settlement.to) {
    case "ended": {
      const reason = settlement.status === "success" ? null : settlement.reason;
      return [settlement.status, reason, null, null, attempts, 0, settlement.endedAtMs];
    }
    case "due":
      return ["pending", null, settlement.atMs, null, attempts, 0, null];
    case "held":
      return ["pending", null, claimedDueMs, settlement.untilMs, attempts, 1, null];
  }
};

/** What records settlements. Those of older claims change nothing. */
export const settleOperation = (settled: readonly Settled[]): Operation => ({
  statement: settle,
  rows: settled.map(({ delivery, settlement, attempts }) => [
    delivery.eventId,
    delivery.id,
    delivery.generation,
    ...changesOf(settlement, attempts),
  ]),
});

/** What recording that, or giving it back, changes. */
export const deliveryRow = ({ eventId, id }: Pick<Delivery, "eventId" | "id">): Row => ({
  table: "deliveries",
  key: { event_id: eventId, id },
});

const release = updateStatement({
  table: "deliveries",
  match: { event_id: "id", id: "id", generation: "integer" },
  set: { due_at_ms: "integer", claims: "integer" },
});

/** What gives claims back that were never tried, as when the process stops: they count for nothing. */
export const releaseClaimsOperation = (deliveries: readonly Delivery[]): Operation => ({
  statement: release,
  rows: deliveries.map((delivery) => [
    delivery.eventId,
    delivery.id,
    delivery.generation,
    delivery.createdAtMs,
    delivery.claims < suspectClaims ? 0 : delivery.claims,
  ]),
});
