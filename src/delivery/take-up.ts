import type { Store } from "../db/store.ts";
import type { Id } from "../lib/ids.ts";
import { rescueClaims } from "../queue/claim.ts";
import type { Ownership } from "../queue/ownership.ts";
import { dueTimes } from "../queue/read.ts";
import { readDeleted } from "../routing/read-deleted.ts";
import { refreshHealth } from "../routing/refresh-health.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { Canceller } from "./canceller.ts";
import { slotsOf } from "./lane.ts";
import type { Lanes } from "./lanes.ts";

/** What taking up needs. */
export type TakeUpParts = {
  readonly store: Pick<Store, "lookup" | "list" | "write" | "cluster">;
  readonly table: Pick<RoutingTable, "destinations" | "destination" | "patchDestination">;
  readonly canceller: Pick<Canceller, "cancelBehind">;
  readonly lanes: Pick<Lanes, "noteDue">;
  readonly ownership: Pick<Ownership, "holds">;
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

/** Learns how these have fared, makes due what a dead process had claimed of them, and goes on with what is in the store. */
export const takeUp = async (parts: TakeUpParts, isTaken: (destinationId: Id) => boolean): Promise<void> => {
  const { store, table, ownership } = parts;
  const taken = [...table.destinations()].map(({ destination }) => destination).filter(({ id }) => isTaken(id));
  const ids = taken.map(({ id }) => id);
  await refreshHealth(parts, ids);
  const slots = taken.map((each) => ({ destinationId: each.id, slots: slotsOf(each) }));
  // What is claimed for a deleted one is never sent, but has to be due to be cancelled, and gone before the destination can go.
  const deleted = (await readDeleted(store, "destinations")).filter(isTaken);
  const left = deleted.map((destinationId) => ({ destinationId, slots: 0 }));
  await rescueClaims(store, [...slots, ...left], async (tx, id) => (await ownership.holds(tx)) && isTaken(id));
  const dues = await dueTimes(store, ids);
  for (const due of dues) beginLane(parts, due);
};
