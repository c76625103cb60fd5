import { storable } from "../../lib/text.ts";
import type { SqlValue } from "../statement.ts";
import { StoreError } from "../store-error.ts";

/** A value as it is bound: text in the connection's encoding, or bytes as they are. */
export type Bound = string | Buffer | null;

/** Types by their numbers in `pg_type`. Whatever is not here comes back as text. */
const oids = {
  boolean: 16,
  bytes: 17,
  bigint: 20,
  smallint: 21,
  integer: 23,
  real: 700,
  double: 701,
  numeric: 1700,
} as const;

/**
 * U+0000, which PostgreSQL refuses and with it the whole batch, becomes U+FFFD in what is written and in what is looked
 * for. Rooms see to it for what comes from outside; this is the last line.
 */
export const toText = (text: string): string => (text.includes("\0") ? storable(text) : text);

/** A value of a statement that is sent for itself. */
export const toBound = (value: SqlValue): Bound => {
  if (value === null) return null;
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return toText(value);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
};

/**
 * The types that are declared for the values of a statement: bytes are bytes even where the context does not say so, as in
 * a list of values. 0: whatever the context asks for.
 */
export const declaredTypes = (values: readonly Bound[]): readonly number[] =>
  values.map((value) => (Buffer.isBuffer(value) ? oids.bytes : 0));

type Read = (text: string) => SqlValue;

/** The default form since PostgreSQL 9.0. The older one is twice as long, and read a character at a time. */
const readBytes: Read = (text) => {
  if (text.startsWith("\\x")) {
    const bytes = Buffer.from(text.slice(2), "hex");
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  throw new StoreError("other", "the database gives bytes in another form; set bytea_output to hex");
};
const readBoolean: Read = (text) => (text === "t" ? 1 : 0);

/** How a value of a type is read from its text. Flags are 0 and 1, as everywhere in the store. */
export const readerOf = (oid: number): Read => {
  switch (oid) {
    case oids.boolean:
      return readBoolean;
    case oids.bytes:
      return readBytes;
    case oids.bigint:
    case oids.smallint:
    case oids.integer:
    case oids.real:
    case oids.double:
    case oids.numeric:
      return Number;
    default:
      return String;
  }
};
