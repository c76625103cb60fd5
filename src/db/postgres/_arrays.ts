import { idBytes, writeId } from "../../lib/ids.ts";
import type { ColumnType, SqlValue } from "../statement.ts";
import { StoreError } from "../store-error.ts";
import { toText } from "./_values.ts";

/** What an element type is called, and its number in `pg_type`, which is the same in every database. */
export const arrayTypes: Readonly<Record<ColumnType, { readonly name: string; readonly oid: number }>> = {
  id: { name: "bytea", oid: 17 },
  bytes: { name: "bytea", oid: 17 },
  text: { name: "text", oid: 25 },
  integer: { name: "bigint", oid: 20 },
  real: { name: "double precision", oid: 701 },
};

/** Dimensions, flags, element type, length and lower bound, four bytes each (`array_recv` in PostgreSQL's source). */
const headBytes = 20;
const lengthBytes = 4;
const numberBytes = 8;

const bytesOf = (type: ColumnType, value: SqlValue): number => {
  if (value === null) return 0;
  if (typeof value === "number") return numberBytes;
  if (typeof value !== "string") return value.byteLength;
  return type === "id" ? idBytes : Buffer.byteLength(value);
};

/** In two halves: a `BigInt` for each of the two dozen numbers of an event is garbage. */
const writeInteger = (target: Buffer, at: number, value: number): void => {
  target.writeInt32BE(Math.floor(value / 2 ** 32), at);
  target.writeUInt32BE(value >>> 0, at + 4);
};

const write = (target: Buffer, at: number, type: ColumnType, value: Exclude<SqlValue, null>): void => {
  if (typeof value === "number") {
    if (type === "real") target.writeDoubleBE(value, at);
    else if (Number.isSafeInteger(value)) writeInteger(target, at, value);
    else throw new StoreError("constraint", `${value} is no whole number that the store can hold`);
  } else if (typeof value !== "string") target.set(value, at);
  else if (type === "id") writeId(value, target, at);
  else target.write(value, at);
};

/**
 * One column of a batch as a one-dimensional array in PostgreSQL's binary format. As text, a batch of events took a
 * quarter more of the event loop's time.
 */
export const toBinaryArray = (type: ColumnType, values: readonly SqlValue[]): Buffer => {
  const storable =
    type === "text" ? values.map((value) => (typeof value === "string" ? toText(value) : value)) : values;
  const sizes = storable.map((value) => bytesOf(type, value));
  const total = sizes.reduce((sum, size) => sum + lengthBytes + size, headBytes);
  const target = Buffer.allocUnsafe(total);
  target.writeInt32BE(1, 0);
  target.writeInt32BE(storable.includes(null) ? 1 : 0, 4);
  target.writeInt32BE(arrayTypes[type].oid, 8);
  target.writeInt32BE(storable.length, 12);
  target.writeInt32BE(1, 16);
  let at = headBytes;
  for (const [index, value] of storable.entries()) {
    const size = sizes[index] ?? 0;
    target.writeInt32BE(value === null ? -1 : size, at);
    at += lengthBytes;
    if (value !== null) write(target, at, type, value);
    at += size;
  }
  return target;
};
