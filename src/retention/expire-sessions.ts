import type { Store } from "../db/store.ts";
import type { Clock } from "../lib/clock.ts";
import { deleteSource } from "../routing/delete-source.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { Run } from "./run.ts";

type Parts = {
  readonly store: Pick<Store, "lookup" | "list" | "write">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly table: RoutingTable;
  readonly wake: (destinationId: string) => void;
};

/** How long the URL of what has expired still says so. */
const graceMs = 24 * 60 * 60 * 1_000;

/** Deletes ephemeral sources a day after they expired; what they hold goes as that of all deleted ones. Gives whether it got through. */
export const expireSessions = async (parts: Parts, run: Run): Promise<boolean> => {
  const { table, clock } = parts;
  const expiredMs = clock.nowMs() - graceMs;
  const expired = [...table.sources()].filter(
    ({ source }) => source.isEphemeral && source.expiresAtMs !== null && source.expiresAtMs <= expiredMs,
  );
  for (const { source } of expired) {
    if (run.isOver()) return false;
    const deleted = await run.paced(() => deleteSource(parts, source, source.id));
    for (const { id } of deleted?.destinations ?? []) parts.wake(id);
  }
  return true;
};
