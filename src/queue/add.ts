import { insertStatement, type Operation, rawStatement } from "../db/statement.ts";
import { idToBytes } from "../lib/ids.ts";
import { claimedDueMs, type Delivery } from "./delivery.ts";

const insert = insertStatement({
  table: "deliveries",
  columns: {
    event_id: "bytes",
    id: "bytes",
    team_id: "bytes",
    env_id: "bytes",
    source_id: "bytes",
    connection_id: "bytes",
    destination_id: "bytes",
    is_replay: "integer",
    replay_id: "bytes",
    newest: "integer",
    status: "text",
    due_at_ms: "integer",
    enabling: "integer",
    attempts: "integer",
    claims: "integer",
    generation: "integer",
    created_at_ms: "integer",
  },
});

const supersede = rawStatement(
  "update deliveries set newest = 0 where event_id = ? and connection_id = ? and newest = 1",
  { returns: false },
);

/** What stores new deliveries: claimed for the lane that takes them at once, or due. */
export const addOperation = (deliveries: readonly Delivery[]): Operation => ({
  statement: insert,
  rows: deliveries.map((delivery) => [
    idToBytes(delivery.eventId),
    idToBytes(delivery.id),
    idToBytes(delivery.teamId),
    idToBytes(delivery.envId),
    idToBytes(delivery.sourceId),
    idToBytes(delivery.connectionId),
    idToBytes(delivery.destinationId),
    delivery.isReplay ? 1 : 0,
    delivery.replayId === null ? null : idToBytes(delivery.replayId),
    1,
    delivery.status,
    delivery.claims > 0 ? claimedDueMs : delivery.createdAtMs,
    delivery.enabling,
    0,
    delivery.claims,
    delivery.generation,
    delivery.createdAtMs,
  ]),
});

/** What makes room for a newer run of the same event along the same connections. Comes before `addOperation`. */
export const supersedeOperation = (runs: readonly Pick<Delivery, "eventId" | "connectionId">[]): Operation => ({
  statement: supersede,
  rows: runs.map(({ eventId, connectionId }) => [idToBytes(eventId), idToBytes(connectionId)]),
});
