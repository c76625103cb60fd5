import fc from "fast-check";
import { expect, test } from "vitest";

import { Packer, Unpacker } from "../../src/db/sqlite/_pack.ts";
import { type ColumnType, insertStatement, type SqlValue } from "../../src/db/statement.ts";
import { idToBytes } from "../../src/lib/ids.ts";

const columns: Record<string, ColumnType> = {
  id: "id",
  bytes: "bytes",
  text: "text",
  integer: "integer",
  real: "real",
};
const statement = insertStatement({ table: "things", columns });

const orNull = <Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> => fc.option(values, { nil: null });

const anyRow: fc.Arbitrary<readonly SqlValue[]> = fc.tuple(
  orNull(fc.uuid()),
  orNull(fc.uint8Array({ maxLength: 70_000, size: "max" })),
  orNull(fc.string({ unit: "grapheme" })),
  orNull(fc.maxSafeInteger()),
  orNull(fc.double({ noNaN: true })),
);

const stored = (row: readonly SqlValue[]): SqlValue[] =>
  row.map((value, index) => (index === 0 && typeof value === "string" ? idToBytes(value) : value));

const comparable = (row: readonly SqlValue[]): unknown[] =>
  row.map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value));

test("whatever is packed is what comes out, ids as their bytes", () => {
  fc.assert(
    fc.property(fc.array(fc.array(anyRow, { maxLength: 4 }), { maxLength: 4 }), (batches) => {
      const packer = new Packer();
      for (const [index, rows] of batches.entries()) packer.add(`statement ${index}`, { statement, rows });
      const packed = structuredClone(packer.finish());
      expect(packed.steps).toEqual(
        batches.map((rows, index) => ({ sql: `statement ${index}`, returns: false, rows: rows.length, width: 5 })),
      );
      const values = new Unpacker(packed);
      for (const row of batches.flat()) expect(comparable(values.row(5))).toEqual(comparable(stored(row)));
    }),
    { numRuns: 60 },
  );
});
