import { type Module, nameOf, type Node, type SourceFile, textOf } from "./module.ts";
import { roomOf } from "./rooms.ts";

/** Which room a table belongs to, and which others may read it. */
export type Ownership = { owner: string; readers: readonly string[] };

const creation = /create table (?:if not exists )?["']?(\w+)["']?([^\n]*)/gi;
const declaration = /--\s*owner:\s*(\w+)(?:\s*;\s*read by:\s*(\w+(?:\s*,\s*\w+)*))?\s*$/;

/** The owners that migrations declare on the line of `create table name ( -- owner: room; read by: room, room`. */
export const ownersOf = (migrations: readonly SourceFile[]): Map<string, Ownership> =>
  new Map(
    migrations.flatMap(({ text }) =>
      [...text.matchAll(creation)].flatMap(([, table, rest]): [string, Ownership][] => {
        const [, owner, readers] = declaration.exec(rest!) ?? [];
        return owner === undefined ? [] : [[table!, { owner, readers: readers?.split(/\s*,\s*/) ?? [] }]];
      }),
    ),
  );

/** Tables that a migration creates without saying whose they are. */
export const ownerlessTables = (migrations: readonly SourceFile[]): string[] =>
  migrations.flatMap(({ path, text }) =>
    [...text.matchAll(creation)]
      .filter(([, , rest]) => !declaration.test(rest!))
      .map(([, table]) => `${path} creates ${table} without an owner`),
  );

type Touch = { table: string; writes: boolean };

/** What a name of a table turned out to be: names that are written there, or one that is known only at run time. */
type Names = { tables: string[]; isDynamic: boolean };

const readers = /^(selectFrom|from|using|(inner|left|right|full|cross)Join(Lateral)?)$/;
const writers = /^(insertInto|replaceInto|updateTable|deleteFrom|mergeInto)$/;

/** The table in `schema.table as alias`. */
const bareTable = (text: string): string => text.trim().split(/\s+/)[0]!.split(".").at(-1)!.replaceAll('"', "");

const namesIn = (node: Node | undefined): Names => {
  const text = textOf(node, "?");
  if (node === undefined) return { tables: [], isDynamic: false };
  if (text !== undefined) return { tables: [bareTable(text)], isDynamic: text.includes("?") };
  switch (node.type) {
    case "ArrayExpression":
      return merge((node["elements"] as Node[]).map(namesIn));
    case "ConditionalExpression":
      return merge([node["consequent"] as Node, node["alternate"] as Node].map(namesIn));
    case "TSAsExpression":
    case "TSSatisfiesExpression":
      return namesIn(node["expression"] as Node);
    case "Identifier":
    case "MemberExpression":
      return { tables: [], isDynamic: true };
    default:
      // A subquery: what it touches is seen on its own.
      return { tables: [], isDynamic: false };
  }
};

const merge = (all: Names[]): Names => ({
  tables: all.flatMap(({ tables }) => tables),
  isDynamic: all.some(({ isDynamic }) => isDynamic),
});

/** `Buffer.from` and its kind are not queries. */
const isOfClass = (callee: Node): boolean => {
  const object = callee["object"] as Node | undefined;
  return object?.type === "Identifier" && /^[A-Z]/.test(String(object["name"]));
};

const builderTouches = (node: Node): { names: Names; writes: boolean } | undefined => {
  if (node.type === "Property" && nameOf(node["key"]) === "table") {
    // The statements of a batch: `insertStatement({ table: "events", … })`. A name passed on is not a use of it.
    return { names: { ...namesIn(node["value"] as Node), isDynamic: false }, writes: true };
  }
  if (node.type !== "CallExpression") return undefined;
  const callee = node["callee"] as Node;
  const name = nameOf(callee) ?? "";
  const isSqlTable = name === "table" && callee.type === "MemberExpression" && nameOf(callee["object"]) === "sql";
  if (!(readers.test(name) && !isOfClass(callee)) && !writers.test(name) && !isSqlTable) return undefined;
  return { names: namesIn((node["arguments"] as Node[])[0]), writes: !readers.test(name) };
};

/** Enough of SQL to tell a statement from a sentence. */
const looksLikeSql =
  /\b(select\b[^]*\bfrom|insert\s+into|replace\s+into|update\s+\S+\s+set|delete\s+from|merge\s+into|join\s+\S+\s+(\w+\s+)?on|truncate\s+table|alter\s+table|drop\s+table)\b/i;
const writtenTable =
  /\b(?:(?:insert|replace|merge)\s+into|delete\s+from|truncate\s+table|(?:alter|drop)\s+table(?:\s+if\s+exists)?|update(?:\s+only)?)\s+([\w."?]+)/gi;
const readTables = /\b(?:from|join|using)\s+((?:[\w."?]+(?:\s+(?:as\s+)?\w+)?\s*,\s*)*[\w."?]+)/gi;

const sqlTouches = (sql: string): { names: Names; writes: boolean }[] => {
  if (!looksLikeSql.test(sql)) return [];
  const found = (pattern: RegExp, writes: boolean): { names: Names; writes: boolean }[] =>
    [...sql.matchAll(pattern)]
      .flatMap(([, list]) => list!.split(","))
      .map((text) => ({ names: { tables: [bareTable(text)], isDynamic: text.includes("?") }, writes }));
  return [...found(writtenTable, true), ...found(readTables, false)];
};

const touchesOf = ({ nodes }: Module, owners: ReadonlyMap<string, Ownership>): Touch[] => {
  const texts = nodes.map((node) => textOf(node, " ? ")).filter((text) => text !== undefined);
  const all = [...nodes.map(builderTouches).filter((touch) => touch !== undefined), ...texts.flatMap(sqlTouches)];
  const named = all.flatMap(({ names, writes }) => names.tables.map((table) => ({ table, writes })));
  // Where a table is named at run time, every name of a table that stands in the file can be the one.
  const dynamic = all
    .filter(({ names }) => names.isDynamic)
    .flatMap(({ writes }) => texts.map((text) => ({ table: text, writes })));
  return [...named, ...dynamic].filter(({ table }) => owners.has(table));
};

/** Tables that a room touches without owning them, or writes while it may only read. */
export const trespasses = (modules: readonly Module[], owners: ReadonlyMap<string, Ownership>): string[] => [
  ...new Set(
    modules.flatMap((module) => {
      const room = roomOf(module.path);
      return touchesOf(module, owners).flatMap(({ table, writes }) => {
        const { owner, readers: allowed } = owners.get(table)!;
        if (owner === room || (!writes && allowed.includes(room))) return [];
        return [`${module.path} ${writes ? "writes" : "reads"} ${table}, which belongs to ${owner}`];
      });
    }),
  ),
];
