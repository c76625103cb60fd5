import { idBytes, writeId } from "../../lib/ids.ts";
import type { ColumnType, Operation, SqlValue, Statement } from "../statement.ts";
import { StoreError } from "../store-error.ts";

/** One statement of a packed batch: how often it runs, and how many values each run takes. */
export type PackedStep = {
  readonly sql: string;
  readonly returns: boolean;
  readonly rows: number;
  readonly width: number;
};

/**
 * A batch on its way to the writer's thread: numbers, ids and bytes in one buffer that is handed over, texts beside it.
 * Handed over as rows of values, each of an event's twenty ids was an object to be cloned.
 */
export type PackedBatch = {
  readonly steps: readonly PackedStep[];
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly texts: readonly string[];
};

const tags = { none: 0, number: 1, text: 2, bytes: 3, id: 4 } as const;
const numberBytes = 8;
const lengthBytes = 4;

/** What a batch starts with. It doubles until the batch fits. */
const startBytes = 64 * 1024;

/** The types of the values that one run of a statement takes, in order. */
export const typesOf = (statement: Statement): readonly ColumnType[] => {
  switch (statement.kind) {
    case "insert":
      return Object.values(statement.columns);
    case "update":
      return [...Object.values(statement.match), ...Object.values(statement.set)];
    case "raw":
      return statement.parameters;
  }
};

/** Writes values one after the other. */
export class Packer {
  #buffer = Buffer.allocUnsafeSlow(startBytes);
  #used = 0;
  readonly #texts: string[] = [];
  readonly #steps: PackedStep[] = [];

  add(sql: string, { statement, rows }: Operation): void {
    const types = typesOf(statement);
    this.#steps.push({
      sql,
      returns: statement.kind === "raw" && statement.returns,
      rows: rows.length,
      width: types.length,
    });
    for (const row of rows) {
      for (const [index, type] of types.entries()) this.#write(row[index] ?? null, type);
    }
  }

  /** What was added. Nothing can be added afterwards. */
  finish(): PackedBatch {
    const bytes = new Uint8Array(this.#buffer.buffer, 0, this.#used);
    return { steps: this.#steps, bytes, texts: this.#texts };
  }

  #write(value: SqlValue, type: ColumnType): void {
    if (value === null) {
      this.#tag(tags.none, 0);
    } else if (typeof value === "number") {
      this.#tag(tags.number, numberBytes);
      this.#used = this.#buffer.writeDoubleLE(value, this.#used);
    } else if (typeof value !== "string") {
      this.#tag(tags.bytes, lengthBytes + value.byteLength);
      this.#used = this.#buffer.writeUInt32LE(value.byteLength, this.#used);
      this.#buffer.set(value, this.#used);
      this.#used += value.byteLength;
    } else if (type === "id") {
      this.#tag(tags.id, idBytes);
      this.#used = writeId(value, this.#buffer, this.#used);
    } else {
      this.#tag(tags.text, 0);
      this.#texts.push(value);
    }
  }

  #tag(tag: number, followingBytes: number): void {
    const needed = this.#used + 1 + followingBytes;
    if (needed > this.#buffer.byteLength) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.byteLength * 2));
      larger.set(this.#buffer.subarray(0, this.#used));
      this.#buffer = larger;
    }
    this.#buffer[this.#used] = tag;
    this.#used += 1;
  }
}

/** Reads the values of a packed batch in the order in which they were added. Bytes are views: they are not kept. */
export class Unpacker {
  readonly #buffer: Buffer;
  readonly #texts: readonly string[];
  #read = 0;
  #textsRead = 0;

  constructor({ bytes, texts }: PackedBatch) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#texts = texts;
  }

  row(width: number): SqlValue[] {
    const values: SqlValue[] = [];
    for (let index = 0; index < width; index += 1) values.push(this.#value());
    return values;
  }

  #value(): SqlValue {
    const tag = this.#buffer[this.#read];
    this.#read += 1;
    switch (tag) {
      case tags.number:
        this.#read += numberBytes;
        return this.#buffer.readDoubleLE(this.#read - numberBytes);
      case tags.text:
        this.#textsRead += 1;
        return this.#texts[this.#textsRead - 1] ?? null;
      case tags.id:
        return this.#bytes(idBytes);
      case tags.bytes: {
        const length = this.#buffer.readUInt32LE(this.#read);
        this.#read += lengthBytes;
        return this.#bytes(length);
      }
      case tags.none:
      case undefined:
        return null;
      default:
        throw new StoreError("misuse", `a packed batch holds a value of unknown kind ${tag}`);
    }
  }

  #bytes(length: number): Uint8Array {
    this.#read += length;
    return this.#buffer.subarray(this.#read - length, this.#read);
  }
}
