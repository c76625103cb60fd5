import type { Clock } from "./clock.ts";
import type { Random } from "./random.ts";

/** A UUID in its canonical text form: lower case, with dashes. */
export type Id = string;

/** Makes ids. Each is greater than all that the same maker made before, as text and as bytes. */
export type Ids = { next(): Id };

const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether `text` is a UUID of any version. */
export const isId = (text: string): boolean => idPattern.test(text);

/** 32 hex digits, and before them a word that tells what the id is of. */
const loosePattern = /^(?:[a-z]{1,8}_)?([0-9a-f]{32})$/i;
const looseCharsMax = 64;

/** The id that a text means, with or without dashes and a prefix such as `src_`; null when it is none. */
export const readId = (text: string): Id | null => {
  if (text.length > looseCharsMax) return null;
  const [, hex] = loosePattern.exec(text.replaceAll("-", "")) ?? [];
  return hex === undefined ? null : idFromBytes(Buffer.from(hex, "hex"));
};

/** The 16 bytes that the store keeps. `id` must be a UUID. */
export const idToBytes = (id: Id): Buffer => Buffer.from(id.replaceAll("-", ""), "hex");

/** Bytes of an id where it is stored. */
export const idBytes = 16;

const nibble = (code: number): number => (code < 58 ? code - 48 : code - 87);

/** The places of the two digits of each byte in the text of an id. */
const digitPlaces = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;

/** Writes the 16 bytes of `id` into `target`, without a buffer of their own. Gives the offset behind them. */
export const writeId = (id: Id, target: Buffer, offset: number): number => {
  let at = offset;
  for (const place of digitPlaces) {
    target[at] = (nibble(id.charCodeAt(place)) << 4) | nibble(id.charCodeAt(place + 1));
    at += 1;
  }
  return at;
};

/** The text form of 16 stored bytes. */
export const idFromBytes = (bytes: Uint8Array): Id => {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

/** The Unix millisecond inside a UUIDv7. */
export const idTimeMs = (id: Id): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

/** The least id that a UUIDv7 of `ms` can have, as a bound for range queries. */
export const idFloor = (ms: number): Id => {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, "0").slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
};

/** 12 bits of `rand_a` count within a millisecond. */
const counterMax = 0xfff;

/**
 * UUIDv7 (RFC 9562, section 6.2, method 1): 48 bits of time, a 12-bit counter, 62 random bits. When the clock stands
 * still or goes back, the last time is kept and the counter goes on into the next millisecond.
 *
 * Every id is greater than all of `afterMs` (Unix milliseconds, default 0) as well. Whoever goes on with ids that another
 * process made gives the time of the greatest: the clock may have gone back in between.
 */
export const createIds = (clock: Pick<Clock, "nowMs">, random: Pick<Random, "bytes">, afterMs: number = 0): Ids => {
  let lastMs = afterMs;
  // Which of that millisecond's ids were made is not known, so it counts as used up.
  let counter = counterMax;
  return {
    next() {
      const nowMs = clock.nowMs();
      if (nowMs > lastMs) {
        lastMs = nowMs;
        counter = 0;
      } else if (counter < counterMax) {
        counter += 1;
      } else {
        lastMs += 1;
        counter = 0;
      }
      const bytes = random.bytes(16);
      bytes.writeUIntBE(lastMs, 0, 6);
      bytes.writeUInt16BE(0x7000 | counter, 6);
      bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
      return idFromBytes(bytes);
    },
  };
};
