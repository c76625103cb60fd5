import type { Keyring } from "../lib/sealing.ts";
import { type DestinationRow, fromDestinationRow } from "./_destination-row.ts";
import type { Destination } from "./destination.ts";
import type { Outgoing } from "./outgoing.ts";
import { openOutgoing } from "./table.ts";

/** A destination, and what is sent to it beside events, for its owner. Whoever shows it hides what is secret. */
export type DestinationView = {
  readonly destination: Destination;
  /** Null: the keys of this process cannot open it. */
  readonly outgoing: Outgoing | null;
};

/** Opens what a row holds. */
export const viewOf = (keyring: Keyring, row: DestinationRow): DestinationView => {
  const destination = fromDestinationRow(row);
  return { destination, outgoing: openOutgoing(keyring, destination, row.outgoing) };
};
