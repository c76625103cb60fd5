import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import { readQuery, truncated, typeAaaa, writeReply } from "./name-packet.ts";

/** What the test server says of a name: addresses of both families, that it does not exist, an error, or nothing. */
export type NameAnswer = readonly string[] | "nxdomain" | "servfail" | "silence";

/** A question that came in. Those for other types than addresses count as "A". */
export type NameQuestion = { name: string; type: "A" | "AAAA" };

/** What else is said of a name. */
export type NameOptions = {
  /** Default: 0. */
  ttlSeconds?: number;
  /** Names that it is an alias of, one after the other; the last one has the addresses. */
  via?: readonly string[];
  /** How long it thinks before it answers over UDP. Default: not at all. */
  delayMs?: number;
  /** What is sent over UDP in place of the honest reply. */
  spoil?: (reply: Buffer) => readonly Buffer[];
};

/** A name server on loopback, for as long as a test runs. Names that it was not told of do not exist. */
export type NameServer = {
  /** For `resolver.servers`. */
  readonly address: string;
  /** Every question, in order of arrival. One that is asked again over TCP is another one. */
  readonly questions: readonly NameQuestion[];
  /**
   * What is said of `name` from now on. Of several answers, each holds for one question per family and the last one
   * for all that follow: how a name is rebound.
   */
  set(name: string, answers: NameAnswer | { each: readonly NameAnswer[] }, options?: NameOptions): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

type Entry = NameOptions & { answers: readonly NameAnswer[]; asked: Map<number, number> };

const codes = { nxdomain: 3, servfail: 2 } as const;
/** What fits into a datagram that no network cuts (RFC 9715). */
const datagramBytesMax = 1_400;

/** The names of a server, and what it says to a packet. Nothing, if it is to be silent. */
const createNames = () => {
  const entries = new Map<string, Entry>();
  const questions: NameQuestion[] = [];
  const next = (entry: Entry, type: number): NameAnswer => {
    const asked = entry.asked.get(type) ?? 0;
    entry.asked.set(type, asked + 1);
    return entry.answers[Math.min(asked, entry.answers.length - 1)]!;
  };
  const replyTo = (
    packet: Buffer,
  ): { reply: Buffer | undefined } & Required<Pick<NameOptions, "spoil" | "delayMs">> => {
    const query = readQuery(packet);
    if (query === null) return { reply: undefined, spoil: (reply) => [reply], delayMs: 0 };
    const { name, type } = query;
    questions.push({ name, type: type === typeAaaa ? "AAAA" : "A" });
    const entry: Entry = entries.get(name) ?? { answers: ["nxdomain"], asked: new Map() };
    const { ttlSeconds = 0, via = [], delayMs = 0, spoil = (reply) => [reply] } = entry;
    const answer = next(entry, type);
    if (answer === "silence") return { reply: undefined, spoil, delayMs };
    const said = typeof answer === "string" ? { code: codes[answer] } : { code: 0, via, addresses: answer, ttlSeconds };
    return { reply: writeReply(packet, said), spoil, delayMs };
  };
  return { entries, questions, replyTo };
};

/** Speaks DNS over TCP: each message behind its length. */
const serveTcp = (replyTo: (packet: Buffer) => Buffer | undefined, open: Set<Socket>): Server =>
  createServer((socket) => {
    open.add(socket);
    let received = Buffer.alloc(0);
    socket.on("error", () => {}).once("close", () => open.delete(socket));
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const reply = replyTo(received.subarray(2, 2 + received.readUInt16BE(0)));
        received = received.subarray(2 + received.readUInt16BE(0));
        if (reply === undefined) continue;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(reply.length);
        socket.write(Buffer.concat([length, reply]));
      }
    });
  });

/** How long a wished port may be held by a connection that was given its number: connections do not last. */
const portMsMax = 10_000;

/** Binds both to one port of loopback; 0: to one that is free. */
const bindBoth = async (tcp: Server, wished: number): Promise<{ udp: UdpSocket; port: number }> => {
  const deadlineMs = performance.now() + portMsMax;
  for (;;) {
    const udp = createSocket("udp4").bind(wished, "127.0.0.1");
    await once(udp, "listening");
    const { port } = udp.address();
    try {
      tcp.listen(port, "127.0.0.1");
      await once(tcp, "listening");
      return { udp, port };
    } catch (error) {
      udp.close();
      // Somebody has that port for TCP: another one may be free.
      if (wished === 0) continue;
      if (performance.now() > deadlineMs) throw error;
      await pause(100);
    }
  }
};

/** Starts one, by default on a port that is free. `await using` closes it. */
export const startNameServer = async (wish: { readonly port?: number } = {}): Promise<NameServer> => {
  const { entries, questions, replyTo } = createNames();
  const open = new Set<Socket>();
  let isClosed = false;
  const tcp = serveTcp((packet) => replyTo(packet).reply, open);
  const { udp, port } = await bindBoth(tcp, wish.port ?? 0);
  udp.on("message", (packet: Buffer, sender: RemoteInfo) => {
    const { reply, spoil, delayMs } = replyTo(packet);
    if (reply === undefined) return;
    const send = (): void => {
      if (isClosed) return;
      for (const sent of spoil(reply.length > datagramBytesMax ? truncated(reply) : reply)) {
        udp.send(sent, sender.port, sender.address);
      }
    };
    if (delayMs === 0) send();
    else setTimeout(send, delayMs).unref();
  });

  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    const closed = Promise.all([once(udp, "close"), once(tcp, "close")]);
    udp.close();
    tcp.close();
    for (const socket of open) socket.destroy();
    await closed;
  };
  return {
    address: `127.0.0.1:${port}`,
    questions,
    set(name, answers, options = {}) {
      const each = typeof answers === "object" && "each" in answers ? answers.each : [answers];
      entries.set(name, { ...options, answers: each, asked: new Map() });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
};
