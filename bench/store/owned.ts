import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** A source and its ways out, with the ids that rows of the hot tables carry. */
export type Owned = {
  readonly scope: { readonly team_id: Uint8Array; readonly env_id: Uint8Array };
  readonly sourceId: Uint8Array;
  readonly routes: readonly { readonly connectionId: Uint8Array; readonly destinationId: Uint8Array }[];
};

const bytesOf = (row: Readonly<Record<string, unknown>> | undefined, column: string): Uint8Array => {
  const value = row?.[column];
  if (value instanceof Uint8Array) return value;
  throw new Error(`the store has no ${column} where one was made`);
};

/** Reads, from a store that no process holds, what the API made for a source. */
export const readOwned = (directory: string, sourceId: string): Owned => {
  const database = new DatabaseSync(join(directory, "postern.db"), { timeout: 5_000 });
  try {
    const id = Buffer.from(sourceId.replaceAll("-", ""), "hex");
    const source = database.prepare("select team_id, env_id from sources where id = ?").get(id);
    const routes = database.prepare("select id, destination_id from connections where source_id = ?").all(id);
    return {
      scope: { team_id: bytesOf(source, "team_id"), env_id: bytesOf(source, "env_id") },
      sourceId: id,
      routes: routes.map((row) => ({
        connectionId: bytesOf(row, "id"),
        destinationId: bytesOf(row, "destination_id"),
      })),
    };
  } finally {
    database.close();
  }
};
