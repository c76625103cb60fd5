import type { Cluster } from "../db/cluster.ts";

/** What a process of the gateway does. */
export type Role = "all" | "api" | "ingest" | "worker";

/** A process of the gateway, as it tells the others of itself. */
export type Node = {
  /** For people: where it runs. */
  readonly name: string;
  readonly role: Role;
  /** The program's. */
  readonly version: string;
  /** Of the keys that open its secrets; it seals with the first. */
  readonly keyIds: readonly string[];
};

/** Whether a process of that role sends, and so owns buckets. */
export const delivers = (role: Role): boolean => role === "all" || role === "worker";

/** The processes that are alive, as far as anybody knows. */
export const liveNodes = async ({
  query,
}: Pick<Cluster, "query">): Promise<readonly Pick<Node, "name" | "keyIds">[]> => {
  const rows = await query(
    `select name, key_ids from nodes
     where valid_until_ms >= (extract(epoch from clock_timestamp()) * 1000)::bigint order by name`,
  );
  return rows.map(({ name, key_ids }) => ({ name: String(name), keyIds: String(key_ids).split(",") }));
};
