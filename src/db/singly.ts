import { CompiledQuery, type Kysely } from "kysely";

import { createKysely } from "./kysely.ts";
import type { OperationResult } from "./statement.ts";
import type { Store } from "./store.ts";

/** Statements that begin like this change nothing: whoever writes in a `with` says so by another word first. */
const isRead = (sql: string): boolean => /^select\b/i.test(sql);

/**
 * The tables for a library that brings its own statements: each stands for itself, a read as a look-up and everything else as a
 * transaction of its own. So nothing that the library does between two of them holds the writer.
 */
export const singly = (store: Pick<Store, "cluster" | "lookup" | "write">): Kysely<unknown> =>
  createKysely(store.cluster === null ? "sqlite" : "postgres", async (sql, parameters): Promise<OperationResult> => {
    const query = CompiledQuery.raw(sql, [...parameters]);
    const { rows, numAffectedRows } = isRead(sql)
      ? await store.lookup<unknown>().executeQuery<OperationResult["rows"][number]>(query)
      : await store.write((tx) => tx.tables<unknown>().executeQuery<OperationResult["rows"][number]>(query));
    return { rows, changes: Number(numAffectedRows ?? 0) };
  });
