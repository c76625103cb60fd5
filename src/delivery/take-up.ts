import type { Store } from "../db/store.ts";
import type { Id } from "../lib/ids.ts";
import { rescueClaims } from "../queue/claim.ts";
import type { Ownership } from "../queue/ownership.ts";
import { dueTimes } from "../queue/read.ts";
import type { Destination } from "../routing/destination.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { Canceller } from "./canceller.ts";
import { slotsOf } from "./lane.ts";
import type { Lanes } from "./lanes.ts";

/** What taking up needs. */
export type TakeUpParts = {
  readonly store: Pick<Store, "lookup" | "write" | "cluster">;
  readonly table: Pick<RoutingTable, "destinations" | "destination">;
  readonly canceller: Pick<Canceller, "cancelBehind">;
  readonly lanes: Pick<Lanes, "noteDue">;
  readonly ownership: Pick<Ownership, "holds">;
};

const chosen = ({ table }: TakeUpParts, isTaken: (destinationId: Id) => boolean): readonly Destination[] =>
  [...table.destinations()].map(({ destination }) => destination).filter(({ id }) => isTaken(id));

/** Makes due what a dead process had claimed of these. */
export const rescue = async (parts: TakeUpParts, isTaken: (destinationId: Id) => boolean): Promise<void> => {
  const slots = chosen(parts, isTaken).map((each) => ({ destinationId: each.id, slots: slotsOf(each) }));
  await rescueClaims(parts.store, slots, async (tx, id) => (await parts.ownership.holds(tx)) && isTaken(id));
};

/** A destination that was switched off has what it left cancelled; any other goes on where it was. */
const beginLane = ({ table, canceller, lanes }: TakeUpParts, [id, dueAtMs]: readonly [Id, number]): void => {
  const destination = table.destination(id)?.destination;
  if (destination === undefined) return;
  if (!destination.enabled) {
    canceller.cancelBehind({ destinationId: id, enablingBelow: destination.enabling, reason: "destination_disabled" });
  }
  if (destination.enabled) lanes.noteDue(id, dueAtMs);
};

/** Goes on with what these have in the store. */
export const beginLanes = async (parts: TakeUpParts, isTaken: (destinationId: Id) => boolean): Promise<void> => {
  const ids = chosen(parts, isTaken).map(({ id }) => id);
  for (const due of await dueTimes(parts.store, ids)) beginLane(parts, due);
};
