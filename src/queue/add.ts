import { insertBeside } from "../db/insert-beside.ts";
import { type Columns, insertStatement, type Operation, rawStatement, type SqlValue } from "../db/statement.ts";
import { claimedDueMs, type Delivery } from "./delivery.ts";

const columns = {
  event_id: "id",
  id: "id",
  team_id: "id",
  env_id: "id",
  source_id: "id",
  connection_id: "id",
  destination_id: "id",
  is_replay: "integer",
  replay_id: "id",
  newest: "integer",
  status: "text",
  due_at_ms: "integer",
  enabling: "integer",
  attempts: "integer",
  claims: "integer",
  generation: "integer",
  created_at_ms: "integer",
} as const satisfies Columns;

const insert = insertStatement({ table: "deliveries", columns });

/** Added only when their event is the one that its source saw first under its key. */
const insertKeyed = insertBeside({
  table: "deliveries",
  columns,
  given: { key: "bytes" },
  beside: "dedup_keys k",
  on: "k.source_id = :source_id and k.key = :key and k.event_id = :event_id",
  nameColumns: 2,
});

const supersede = rawStatement(
  "update deliveries set newest = 0 where event_id = ? and connection_id = ? and newest = 1",
  {
    together: `update deliveries set newest = 0 from input
      where event_id = input.v1 and connection_id = input.v2 and newest = 1`,
    parameters: ["id", "id"],
    returns: false,
  },
);

const toRow = (delivery: Delivery): SqlValue[] => [
  delivery.eventId,
  delivery.id,
  delivery.teamId,
  delivery.envId,
  delivery.sourceId,
  delivery.connectionId,
  delivery.destinationId,
  delivery.isReplay ? 1 : 0,
  delivery.replayId,
  1,
  delivery.status,
  delivery.claims > 0 ? claimedDueMs : delivery.createdAtMs,
  delivery.enabling,
  0,
  delivery.claims,
  delivery.generation,
  delivery.createdAtMs,
];

/** What stores new deliveries: claimed for the lane that takes them at once, or due. */
export const addOperation = (deliveries: readonly Delivery[]): Operation => ({
  statement: insert,
  rows: deliveries.map(toRow),
});

/** The same for events of sources that look for repeats, after their keys were claimed. */
export const addKeyedOperation = (
  deliveries: readonly { readonly delivery: Delivery; readonly key: Uint8Array }[],
): Operation => ({
  statement: insertKeyed,
  rows: deliveries.map(({ delivery, key }) => [...toRow(delivery), key]),
});

/** What makes room for a newer run of the same event along the same connections. Comes before `addOperation`. */
export const supersedeOperation = (runs: readonly Pick<Delivery, "eventId" | "connectionId">[]): Operation => ({
  statement: supersede,
  rows: runs.map(({ eventId, connectionId }) => [eventId, connectionId]),
});
