import { type Id, idToBytes } from "../lib/ids.ts";
import { noSecrets, rotate } from "./_rotation.ts";
import { filterColumn, type RoutingTables, toDestinationRow } from "./_rows.ts";
import { ownedSources } from "./_sources.ts";
import { type DestinationDraft, destinationSecretChange, settleRate } from "./decide-destination.ts";
import { destinationsMax } from "./limits.ts";
import type { LinkedDestination } from "./linked-destination.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";
import { secretPlace } from "./table.ts";

/** A destination that was made, or why none was: the source is gone, or has `destinationsMax` already. */
export type CreatedDestination =
  | ({ readonly kind: "created" } & LinkedDestination)
  | { readonly kind: "source_gone" }
  | { readonly kind: "limit_reached" };

type Parts = Pick<RoutingParts, "store" | "table" | "keyring" | "clock" | "ids">;

/** Makes a destination that the source owns, and the connection that leads to it. */
export const createDestination = async (
  { store, table, keyring, clock, ids }: Parts,
  { teamId, envId }: Scope,
  sourceId: Id,
  { secret, eventFilter, ...settings }: DestinationDraft,
): Promise<CreatedDestination> => {
  const nowMs = clock.nowMs();
  const destination = {
    ...settleRate(settings),
    id: ids.next(),
    teamId,
    envId,
    ownerSourceId: sourceId,
    disabledReason: settings.enabled ? null : ("manual" as const),
    enabling: 0,
    failureCount: 0,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  const connection = { id: ids.next(), teamId, envId, sourceId, destinationId: destination.id, eventFilter };
  const place = secretPlace("destinations", destination.id);
  const sealed = rotate(noSecrets, destinationSecretChange({ secret }), { keyring, place, nowMs });
  return store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const source = await ownedSources(tables, { teamId, envId })
      .select("id")
      .where("id", "=", idToBytes(sourceId))
      .executeTakeFirst();
    if (source === undefined) return { kind: "source_gone" };
    const { count } = await tables
      .selectFrom("connections")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("source_id", "=", source.id)
      .where("deleted_at_ms", "is", null)
      .executeTakeFirstOrThrow();
    if (count >= destinationsMax) return { kind: "limit_reached" };
    const row = toDestinationRow(destination, sealed);
    await tables.insertInto("destinations").values(row).execute();
    await tables
      .insertInto("connections")
      .values({
        id: idToBytes(connection.id),
        team_id: row.team_id,
        env_id: row.env_id,
        source_id: source.id,
        destination_id: row.id,
        event_filter: filterColumn(eventFilter),
        created_at_ms: nowMs,
        updated_at_ms: nowMs,
        deleted_at_ms: null,
      })
      .execute();
    tx.afterCommit(() => {
      table.putDestination(destination, sealed);
      table.putConnection(connection);
    });
    return { kind: "created", destination, connection };
  }, "routing");
};
