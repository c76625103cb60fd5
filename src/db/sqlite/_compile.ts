import type { Statement } from "../statement.ts";

const names = (columns: Readonly<Record<string, unknown>>): string[] => Object.keys(columns);

/** The SQL of a batch statement for SQLite, where it runs once per row. */
export const compile = (statement: Statement): string => {
  switch (statement.kind) {
    case "insert": {
      const columns = names(statement.columns);
      const conflict = statement.onConflict === "ignore" ? " on conflict do nothing" : "";
      return `insert into ${statement.table} (${columns.join(", ")}) values (${columns.map(() => "?").join(", ")})${conflict}`;
    }
    case "update": {
      // Values come as match, then set; numbered parameters let SQL name them in its own order.
      const match = names(statement.match).map((column, index) => `${column} = ?${index + 1}`);
      const set = names(statement.set).map((column, index) => `${column} = ?${match.length + index + 1}`);
      const computed = Object.entries(statement.compute ?? {}).map(([column, sql]) => `${column} = ${sql}`);
      return `update ${statement.table} set ${[...set, ...computed].join(", ")} where ${match.join(" and ")}`;
    }
    case "raw":
      return statement.sql;
  }
};

/** Remembers the SQL of statements, which are made once and used for every batch. */
export const createCompiler = (): ((statement: Statement) => string) => {
  const known = new WeakMap<Statement, string>();
  return (statement) => {
    const sql = known.get(statement) ?? compile(statement);
    known.set(statement, sql);
    return sql;
  };
};
