import { parseAddress } from "../../src/lib/ip.ts";

/** What a name server says in one packet (RFC 1035). */
export type NameReply = {
  /** 0 for an answer, 2 for a failure, 3 for a name that does not exist. */
  readonly code: number;
  /** Names that lead to the addresses: the name asked for is an alias of the first, that of the second, and so on. */
  readonly via?: readonly string[];
  readonly addresses?: readonly string[];
  readonly ttlSeconds?: number;
};

/** A question for one type of record. */
export type NameQuery = { readonly name: string; readonly type: number; readonly bytes: Buffer };

export const typeA = 1;
export const typeAaaa = 28;
const typeCname = 5;

const headBytes = 12;
/** Every name in a packet stands at its start, or points at one that does. */
const pointerTo = (offset: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(0xc000 | offset);
  return bytes;
};

/** Null: it is none. Whoever looks for another server that had this port before says what they like. */
export const readQuery = (packet: Buffer): NameQuery | null => {
  const labels: string[] = [];
  let at = headBytes;
  for (let length = packet[at]; length !== 0; length = packet[at]) {
    if (length === undefined) return null;
    labels.push(packet.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  if (packet.length < at + 5) return null;
  return {
    name: labels.join(".").toLowerCase(),
    type: packet.readUInt16BE(at + 1),
    bytes: packet.subarray(headBytes, at + 5),
  };
};

const toLabels = (name: string): Buffer =>
  Buffer.concat([...name.split("."), ""].map((label) => Buffer.from([label.length, ...Buffer.from(label)])));

const toAddress = (type: number, address: string): Buffer => {
  const { family, value } = parseAddress(address)!;
  const written = family === 4 && type === typeAaaa ? (0xffffn << 32n) | value : value;
  return Buffer.from(written.toString(16).padStart(type === typeA ? 8 : 32, "0"), "hex");
};

const toRecord = (owner: Buffer, type: number, data: Buffer, ttlSeconds: number): Buffer => {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(1, 2);
  head.writeUInt32BE(ttlSeconds, 4);
  head.writeUInt16BE(data.length, 8);
  return Buffer.concat([owner, head, data]);
};

/** The records of a chain of aliases and the addresses at its end. */
const toRecords = (query: NameQuery, { via = [], addresses = [], ttlSeconds = 0 }: NameReply): Buffer[] => {
  const records: Buffer[] = [];
  let owner = pointerTo(headBytes);
  let at = headBytes + query.bytes.length;
  for (const alias of via) {
    const record = toRecord(owner, typeCname, toLabels(alias), ttlSeconds);
    records.push(record);
    // The alias is what the record ends with.
    owner = pointerTo(at + owner.length + 10);
    at += record.length;
  }
  // By spelling, not by meaning: "::ffff:10.0.0.1" is an AAAA record.
  const own = addresses.filter((address) => (address.includes(":") ? typeAaaa : typeA) === query.type);
  return [...records, ...own.map((address) => toRecord(owner, query.type, toAddress(query.type, address), ttlSeconds))];
};

/** The answer to `packet`. */
export const writeReply = (packet: Buffer, reply: NameReply): Buffer => {
  const query = readQuery(packet)!;
  const records = toRecords(query, reply);
  const head = Buffer.alloc(headBytes);
  packet.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8180 | reply.code, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([head, query.bytes, ...records]);
};

/** The same without its records, and the word that there is more to be had over TCP. */
export const truncated = (reply: Buffer): Buffer => {
  const cut = Buffer.from(reply.subarray(0, headBytes + readQuery(reply)!.bytes.length));
  cut.writeUInt16BE(cut.readUInt16BE(2) | 0x0200, 2);
  cut.writeUInt16BE(0, 6);
  return cut;
};
