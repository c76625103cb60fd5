import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** What a connection asks of events, and does to them. */
export type RoadSettings = { readonly filterRules?: readonly object[]; readonly transform?: string };

const setSql = "update connections set filter_rules = ?, transform_enabled = ?, transform_expression = ? where id = ?";

const copySql = `insert into connections (id, team_id, env_id, source_id, destination_id, created_at_ms, updated_at_ms)
  select ?, team_id, env_id, source_id, destination_id, created_at_ms, updated_at_ms from connections where id = ?`;

/** The same id, one further: ids are read back as they are. */
const nextId = (id: Uint8Array): Buffer => {
  const next = Buffer.from(id);
  next.writeUInt32BE((next.readUInt32BE(12) + 1) >>> 0, 12);
  return next;
};

const onlyId = (database: DatabaseSync): Buffer => {
  const id = database.prepare("select id from connections").get()?.["id"];
  if (!(id instanceof Uint8Array)) throw new Error("the store has no connection");
  return Buffer.from(id);
};

/** Has the one connection of a store filter and transform, and adds as many like it as there are settings. No gateway runs on it. */
export const setRoads = (directory: string, roads: readonly RoadSettings[]): void => {
  const database = new DatabaseSync(join(directory, "postern.db"), { timeout: 5_000 });
  try {
    let id = onlyId(database);
    for (const [index, { filterRules, transform }] of roads.entries()) {
      if (index > 0) {
        const added = nextId(id);
        database.prepare(copySql).run(added, id);
        id = added;
      }
      const rules = filterRules === undefined ? null : JSON.stringify(filterRules);
      database.prepare(setSql).run(rules, transform === undefined ? 0 : 1, transform ?? null, id);
    }
  } finally {
    database.close();
  }
};
