import type { ByteBudget } from "../ingest/byte-budget.ts";
import type { Gate } from "../ingest/gate.ts";
import type { Receive } from "../ingest/receive.ts";
import type { RefusedLog } from "../ingest/refused-log.ts";
import type { Clock } from "../lib/clock.ts";
import type { Ids } from "../lib/ids.ts";
import type { AddressSet } from "../lib/ip.ts";
import type { Observer } from "../observe/observe.ts";
import type { RoutingTable } from "../routing/table.ts";

/** What the ingest URLs need. */
export type IngestParts = {
  readonly table: RoutingTable;
  /** Brings the table up to date with what other processes did. False: the store cannot be asked. Null: nobody else changes it. */
  readonly freshen: (() => Promise<boolean>) | null;
  readonly gate: Gate;
  readonly receive: Receive;
  readonly refused: Pick<RefusedLog, "note">;
  readonly budget: ByteBudget;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs">;
  readonly ids: Ids;
  readonly trustedProxies: AddressSet;
  /** Largest body where the source has no limit of its own. */
  readonly bodyBytesMax: number;
  readonly isShortOfDisk: () => boolean;
  readonly observer: Pick<Observer, "ingested" | "ingestRefused" | "faulted">;
};
