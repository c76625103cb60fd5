import type { Row } from "../db/held-rows.ts";
import { type Operation, updateStatement } from "../db/statement.ts";
import type { Id } from "../lib/ids.ts";
import type { Destination } from "./destination.ts";

/** What delivery itself changes of a destination. */
export type DestinationHealth = Pick<
  Destination,
  "id" | "enabled" | "enabling" | "failureCount" | "disabledReason" | "circuitFailures" | "circuitOpenedAtMs"
>;

/** That part of a destination. */
export const healthOf = ({
  enabled,
  enabling,
  failureCount,
  disabledReason,
  circuitFailures,
  circuitOpenedAtMs,
}: Omit<DestinationHealth, "id">): Omit<DestinationHealth, "id"> => ({
  enabled,
  enabling,
  failureCount,
  disabledReason,
  circuitFailures,
  circuitOpenedAtMs,
});

const setHealth = updateStatement({
  table: "destinations",
  match: { id: "id" },
  set: {
    enabled: "integer",
    disabled_reason: "text",
    enabling: "integer",
    failure_count: "integer",
    circuit_failures: "integer",
    circuit_opened_at_ms: "integer",
    updated_at_ms: "integer",
  },
});

/** What recording the health of a destination changes. */
export const healthRow = (destinationId: Id): Row => ({ table: "destinations", key: { id: destinationId } });

/**
 * What records the health of destinations, in the commit that changes it. Once that is on disk, the caller patches the
 * routing table. One row per destination; rows are written in the order of ids, so that batches cannot lock each other.
 */
export const healthOperation = (rows: readonly DestinationHealth[], nowMs: number): Operation => {
  const newest = new Map<Id, DestinationHealth>(rows.map((row) => [row.id, row]));
  return {
    statement: setHealth,
    rows: [...newest.values()]
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map((row) => [
        row.id,
        row.enabled ? 1 : 0,
        row.disabledReason,
        row.enabling,
        row.failureCount,
        row.circuitFailures,
        row.circuitOpenedAtMs,
        nowMs,
      ]),
  };
};
