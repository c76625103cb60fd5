import type { Tx } from "../db/store.ts";
import { type Id, idToBytes } from "../lib/ids.ts";
import type { EventTables } from "./_rows.ts";
import type { EventScope } from "./event.ts";

/** Gives the events of a source to another owner: those of a session, which are few. */
export const moveEvents = async (tx: Tx, sourceId: Id, { teamId, envId }: EventScope): Promise<void> => {
  await tx
    .tables<EventTables>()
    .updateTable("events")
    .set({ team_id: idToBytes(teamId), env_id: idToBytes(envId) })
    .where("source_id", "=", idToBytes(sourceId))
    .execute();
};
