import { z } from "zod";

import type { Id } from "../../lib/ids.ts";
import type { Delivery } from "../../queue/delivery.ts";
import { nameOf } from "../../routing/destination.ts";
import type { Owner } from "../route.ts";
import { toWireId, wireId } from "./_fields.ts";
import type { HookstreamParts } from "./parts.ts";

/** What sending again uses. */
export type ResendParts = Pick<HookstreamParts, "replays" | "routing">;

/** A road that an event takes once more. */
export type WireRetried = { event_id: string; connection_id: string; destination_id: string };

export const wireRetried: z.ZodType<WireRetried> = z.object({
  event_id: wireId,
  connection_id: wireId,
  destination_id: wireId,
});

/** What was sent once more, and why other things were not. */
export type Resent = { readonly retried: readonly WireRetried[]; readonly errors: readonly string[] };

type Way = Pick<Delivery, "sourceId" | "eventId" | "connectionId" | "destinationId">;

/** Why an event cannot go along a connection again; null when it can. */
const obstacleOf = ({ routing: { table } }: ResendParts, way: Way): string | null => {
  const connectionId = toWireId(way.connectionId);
  if (table.connection(way.sourceId, way.connectionId) === undefined) return `Connection ${connectionId} is deleted`;
  const destination = table.destination(way.destinationId)?.destination;
  if (destination === undefined) return `Destination ${toWireId(way.destinationId)} is deleted`;
  return destination.enabled ? null : `Destination '${nameOf(destination)}' is disabled`;
};

const toRetried = ({ eventId, connectionId, destinationId }: Way): WireRetried => ({
  event_id: toWireId(eventId),
  connection_id: toWireId(connectionId),
  destination_id: toWireId(destinationId),
});

/** Sends one event along these connections, whatever their filters say now. */
const sendAlong = async (
  { replays }: ResendParts,
  owner: Owner,
  { sourceId, eventId }: Pick<Way, "sourceId" | "eventId">,
  ways: readonly Way[],
): Promise<Resent> => {
  const name = `Event ${toWireId(eventId)}`;
  const connectionIds: readonly Id[] = ways.map(({ connectionId }) => connectionId);
  const outcome = await replays.replayOne(owner, { sourceId, eventId, connectionIds });
  switch (outcome.kind) {
    case "queued":
      return { retried: ways.map(toRetried), errors: [] };
    case "not_found":
      return { retried: [], errors: [`${name} is gone`] };
    case "unknown_destination":
      return { retried: [], errors: [`${name} lost one of its connections at this moment`] };
    case "invalid_signature":
      return { retried: [], errors: [`${name} is not validly signed`] };
    case "unreadable":
      return { retried: [], errors: [`The secret of the source of ${name} cannot be opened at the moment`] };
  }
};

/** Sends events along connections once more: those of one event together. */
export const resend = async (parts: ResendParts, owner: Owner, ways: readonly Way[]): Promise<Resent> => {
  const errors: string[] = [];
  const free = ways.filter((way) => {
    const obstacle = obstacleOf(parts, way);
    if (obstacle !== null) errors.push(obstacle);
    return obstacle === null;
  });
  const retried: WireRetried[] = [];
  for (const ofEvent of Map.groupBy(free, ({ eventId }) => eventId).values()) {
    const [first] = ofEvent;
    if (first === undefined) continue;
    const sent = await sendAlong(parts, owner, first, ofEvent);
    retried.push(...sent.retried);
    errors.push(...sent.errors);
  }
  return { retried, errors: [...new Set(errors)] };
};
