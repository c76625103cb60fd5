import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";

import { parseAddress } from "../../src/lib/ip.ts";

/** What the test server says of a name: addresses of both families, that it does not exist, an error, or nothing. */
export type NameAnswer = readonly string[] | "nxdomain" | "servfail" | "silence";

/** A question that came in. Those for other types than addresses count as "A". */
export type NameQuestion = { name: string; type: "A" | "AAAA" };

/** A name server on loopback, for as long as a test runs. Names that it was not told of do not exist. */
export type NameServer = {
  /** For `resolver.servers`. */
  readonly address: string;
  /** Every question, in order of arrival. */
  readonly questions: readonly NameQuestion[];
  /**
   * What is said of `name` from now on. Of several answers, each holds for one question per family and the last one
   * for all that follow: how a name is rebound.
   */
  set(name: string, answers: NameAnswer | { each: readonly NameAnswer[] }, options?: { ttlSeconds?: number }): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

const typeA = 1;
const typeAaaa = 28;
const codes = { nxdomain: 3, servfail: 2 } as const;

const readQuestion = (packet: Buffer): { name: string; type: number; bytes: Buffer } => {
  const labels: string[] = [];
  let at = 12;
  while (packet[at] !== 0) {
    const length = packet[at]!;
    labels.push(packet.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return {
    name: labels.join(".").toLowerCase(),
    type: packet.readUInt16BE(at + 1),
    bytes: packet.subarray(12, at + 5),
  };
};

/** A record whose name points back at the question (RFC 1035, section 4.1.4). */
const record = (type: number, address: string, ttlSeconds: number): Buffer => {
  const parsed = parseAddress(address)!;
  const value = parsed.family === 4 && type === typeAaaa ? (0xffffn << 32n) | parsed.value : parsed.value;
  const data = Buffer.from(value.toString(16).padStart(type === typeA ? 8 : 32, "0"), "hex");
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttlSeconds, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
};

const reply = (packet: Buffer, question: Buffer, code: number, records: readonly Buffer[]): Buffer => {
  const head = Buffer.alloc(12);
  packet.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([head, question, ...records]);
};

/** Starts one. `await using` closes it. */
export const startNameServer = async (): Promise<NameServer> => {
  const socket = createSocket("udp4");
  const names = new Map<string, { answers: readonly NameAnswer[]; asked: Map<number, number>; ttlSeconds: number }>();
  const questions: NameQuestion[] = [];

  const answerTo = (name: string, type: number): { answer: NameAnswer; ttlSeconds: number } => {
    const entry = names.get(name);
    if (entry === undefined) return { answer: "nxdomain", ttlSeconds: 0 };
    const asked = entry.asked.get(type) ?? 0;
    entry.asked.set(type, asked + 1);
    return { answer: entry.answers[Math.min(asked, entry.answers.length - 1)]!, ttlSeconds: entry.ttlSeconds };
  };

  socket.on("message", (packet: Buffer, { address, port }: RemoteInfo) => {
    const { name, type, bytes } = readQuestion(packet);
    questions.push({ name, type: type === typeAaaa ? "AAAA" : "A" });
    const { answer, ttlSeconds } = answerTo(name, type);
    if (answer === "silence") return;
    if (typeof answer === "string") {
      socket.send(reply(packet, bytes, codes[answer], []), port, address);
      return;
    }
    // By spelling, not by meaning: "::ffff:10.0.0.1" is a AAAA record.
    const own = answer.filter((text) => (text.includes(":") ? typeAaaa : typeA) === type);
    socket.send(
      reply(
        packet,
        bytes,
        0,
        own.map((text) => record(type, text, ttlSeconds)),
      ),
      port,
      address,
    );
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");

  const close = async (): Promise<void> => {
    const closed = once(socket, "close");
    socket.close();
    await closed;
  };
  return {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    set(name, answers, options = {}) {
      const each = typeof answers === "object" && "each" in answers ? answers.each : [answers];
      names.set(name, { answers: each, asked: new Map(), ttlSeconds: options.ttlSeconds ?? 0 });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
};
