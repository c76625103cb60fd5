import type { SqlValue } from "../statement.ts";
import { numberPlaces } from "./_places.ts";
import { type Bound, declaredTypes, toBound } from "./_values.ts";

/** One statement and its values, and the types that these are declared with; 0, or nothing: what the context asks for. */
export type Command = {
  readonly text: string;
  readonly values: readonly Bound[];
  readonly types?: readonly number[];
};

/** A statement without values. */
export const plain = (text: string): Command => ({ text, values: [] });

/** A statement of a query builder, or one that was written by hand in the common form. */
export const toCommand = (sql: string, parameters: readonly SqlValue[]): Command => {
  const values = parameters.map(toBound);
  return { text: sql.includes("?") ? numberPlaces(sql) : sql, values, types: declaredTypes(values) };
};
