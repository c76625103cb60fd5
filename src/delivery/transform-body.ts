import { isoSeconds } from "../lib/clock.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { Transform, TransformInput, Transformed } from "../transforms/transform.ts";
import type { StoredEvent } from "./work.ts";

/** What goes out: what a transform made, or, null, what came. */
export type Body =
  | { readonly kind: "made"; readonly body: Uint8Array | null }
  | Exclude<Transformed, { kind: "transformed" }>;

/** What expressions see of an event. Ids are shown as hookstream's API shows them. */
export const transformInput = ({ event, payload }: StoredEvent): TransformInput => ({
  body: payload.body,
  headers: payload.headers,
  method: payload.method,
  query: payload.query,
  event: {
    id: event.id.replaceAll("-", ""),
    source_id: event.sourceId.replaceAll("-", ""),
    type: event.eventType,
    received_at: isoSeconds(event.receivedAtMs),
    source_ip: payload.senderAddress,
  },
});

/** Transforms an event's body as its connection says at this moment. Most do not: then it costs a look into memory. */
export const transformBody = async (
  { table, transform }: { readonly table: Pick<RoutingTable, "connection">; readonly transform: Transform },
  { sourceId, connectionId }: Pick<Delivery, "sourceId" | "connectionId">,
  stored: StoredEvent,
): Promise<Body> => {
  const connection = table.connection(sourceId, connectionId);
  const expression = connection?.transformEnabled === true ? connection.transformExpression : null;
  if (expression === null) return { kind: "made", body: null };
  const made = await transform(connectionId, expression, transformInput(stored));
  return made.kind === "transformed" ? { kind: "made", body: made.body } : made;
};
