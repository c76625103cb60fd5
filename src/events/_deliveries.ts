import type { EventTables } from "./_rows.ts";

/** What this room reads of deliveries, which belong to the queue. */
type SeenDelivery = {
  event_id: Uint8Array;
  newest: number;
  status: string;
  due_at_ms: number | null;
  attempts: number;
};

/** The tables of this room, and what it reads of another's. */
export type EventAndDeliveryTables = EventTables & { deliveries: SeenDelivery };
