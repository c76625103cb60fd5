import type { Store } from "../db/store.ts";
import type { Clock } from "../lib/clock.ts";
import type { Ids } from "../lib/ids.ts";
import type { Random } from "../lib/random.ts";
import type { Keyring } from "../lib/sealing.ts";
import type { Catalog } from "../providers/catalog.ts";
import type { RoutingTable } from "./table.ts";

/** Everything that managing sources and destinations uses. Functions ask for what they need of it. */
export type RoutingParts = {
  readonly store: Pick<Store, "lookup" | "list" | "write">;
  readonly table: RoutingTable;
  readonly keyring: Keyring;
  readonly clock: Pick<Clock, "nowMs">;
  readonly ids: Ids;
  readonly random: Pick<Random, "bytes">;
  readonly catalog: Catalog;
};
