import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { systemClock, type Clock } from "../../src/lib/clock.ts";
import { formatAddress } from "../../src/lib/ip.ts";
import { createResolver, type Resolution, type Resolver, type ResolverOptions } from "../../src/outbound/resolver.ts";
import { truncated } from "../support/name-packet.ts";
import { type NameAnswer, type NameOptions, type NameServer, startNameServer } from "../support/name-server.ts";

/** The machine's clock, and a way to let time pass at once. */
const createTestClock = (): Clock & { pass(ms: number): void } => {
  let passedMs = 0;
  return {
    ...systemClock,
    monotonicMs: () => systemClock.monotonicMs() + passedMs,
    pass: (ms) => {
      passedMs += ms;
    },
  };
};

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "postern-hosts-"));
});
afterAll(() => rm(directory, { recursive: true }));

const shown = (resolution: Resolution): readonly string[] | string =>
  resolution.kind === "found" ? resolution.addresses.map(formatAddress) : resolution.reason;

const changed = (reply: Buffer, change: (copy: Buffer) => void): Buffer => {
  const copy = Buffer.from(reply);
  change(copy);
  return copy;
};
const withId = (reply: Buffer): Buffer => changed(reply, (copy) => copy.writeUInt16BE(reply.readUInt16BE(0) ^ 1, 0));
/** The first letter of the name that was asked for is another one. */
const withName = (reply: Buffer): Buffer => changed(reply, (copy) => copy.write("x", 13));
const withCount = (reply: Buffer, count: number): Buffer => changed(reply, (copy) => copy.writeUInt16BE(count, 6));

/** A resolver that asks `nameServer` alone, and gives up soon. */
const start = (nameServer: Pick<NameServer, "address">, options: Partial<ResolverOptions> = {}) => {
  const clock = createTestClock();
  const resolver: Resolver = createResolver({
    clock,
    servers: [nameServer.address],
    hostsFile: join(directory, "absent"),
    timeoutMs: 300,
    ...options,
  });
  return {
    clock,
    resolve: async (name: string) => shown(await resolver.resolve(name)),
    [Symbol.dispose]: () => resolver.close(),
  };
};

describe("a name", () => {
  test.for([
    [["192.0.2.1"], ["192.0.2.1"]],
    [["2001:db8::1"], ["2001:db8::1"]],
    [
      ["2001:db8::1", "192.0.2.1", "192.0.2.2"],
      ["192.0.2.1", "192.0.2.2", "2001:db8::1"],
    ],
    [["::ffff:10.0.0.1"], ["10.0.0.1"]],
    [["64:ff9b::10.0.0.1"], ["64:ff9b::a00:1"]],
    [[], "not_found"],
    ["nxdomain", "not_found"],
    ["servfail", "server"],
    ["silence", "timeout"],
  ] as const)("that is answered %j is %j", async ([answer, expected]) => {
    await using nameServer = await startNameServer();
    using resolver = start(nameServer);
    nameServer.set("receiver.test", answer);
    expect(await resolver.resolve("receiver.test")).toEqual(expected);
  });

  test("is what its alias is, however many lie between", async () => {
    await using nameServer = await startNameServer();
    using resolver = start(nameServer);
    nameServer.set("receiver.test", ["192.0.2.1", "2001:db8::1"], { via: ["a.test", "b.test", "localhost"] });
    expect(await resolver.resolve("receiver.test")).toEqual(["192.0.2.1", "2001:db8::1"]);
  });

  test("has all of its addresses, over TCP when they are many, or none when they are more than anybody needs", async () => {
    const many = (count: number): string[] => Array.from({ length: count }, (_, at) => `10.0.${at >> 8}.${at & 255}`);
    await using nameServer = await startNameServer();
    using resolver = start(nameServer, { timeoutMs: 2_000 });
    nameServer.set("hundred.test", many(100), { ttlSeconds: 60 });
    nameServer.set("both.test", [...many(64), ...Array.from({ length: 65 }, (_, at) => `2001:db8::${at}`)]);
    nameServer.set("thousands.test", many(4_000));
    expect(await resolver.resolve("hundred.test")).toEqual(many(100));
    expect(nameServer.questions.map(({ type }) => type).toSorted()).toEqual(["A", "A", "AAAA"]);
    expect(await resolver.resolve("both.test")).toBe("too_many");
    expect(await resolver.resolve("thousands.test")).toBe("too_many");
  });

  test.for<[what: string, spoil: (reply: Buffer) => Buffer[], expected: unknown]>([
    ["with another id", (reply) => [withId(reply)], "timeout"],
    ["with another id, and then rightly", (reply) => [withId(reply), reply], ["192.0.2.1"]],
    ["to another question", (reply) => [withName(reply)], "timeout"],
    ["to another question, and then rightly", (reply) => [withName(reply), reply], ["192.0.2.1"]],
    ["in part", (reply) => [reply.subarray(0, -3)], "server"],
    ["with more records than it has", (reply) => [withCount(reply, 0xffff)], "server"],
    ["with its records hidden", (reply) => [withCount(reply, 0)], "not_found"],
    ["with noise", () => [Buffer.from("noise")], "server"],
    ["that there is more over TCP", (reply) => [truncated(reply)], ["192.0.2.1"]],
  ])("that is answered %s is believed as far as it should be", async ([, spoil, expected]) => {
    await using nameServer = await startNameServer();
    using resolver = start(nameServer);
    nameServer.set("receiver.test", ["192.0.2.1"], { spoil });
    expect(await resolver.resolve("receiver.test")).toEqual(expected);
  });

  test("that no name server is asked for cannot be spelled", async () => {
    await using nameServer = await startNameServer();
    using resolver = start(nameServer);
    expect(await resolver.resolve("a..b")).toBe("not_found");
    expect(await resolver.resolve(`${"a".repeat(64)}.test`)).toBe("not_found");
    expect(nameServer.questions).toEqual([]);
  });

  test("is asked for once by many at the same time", async () => {
    await using nameServer = await startNameServer();
    using resolver = start(nameServer);
    nameServer.set("receiver.test", ["192.0.2.1"]);
    const answers = await Promise.all(Array.from({ length: 100 }, () => resolver.resolve("receiver.test")));
    expect(new Set(answers.flat())).toEqual(new Set(["192.0.2.1"]));
    expect(nameServer.questions.map(({ type }) => type).toSorted()).toEqual(["A", "AAAA"]);
  });

  test.for([
    { ttlSeconds: 30, keptMs: 29_000, goneMs: 31_000 },
    { ttlSeconds: 0, keptMs: 500, goneMs: 1_500 },
    { ttlSeconds: 86_400, keptMs: 59_000, goneMs: 61_000 },
    { ttlSeconds: 2 ** 32 - 1, keptMs: 500, goneMs: 61_000 },
  ])(
    "with a TTL of $ttlSeconds s is kept for $keptMs ms, not for $goneMs ms",
    async ({ ttlSeconds, keptMs, goneMs }) => {
      await using nameServer = await startNameServer();
      using resolver = start(nameServer);
      nameServer.set("receiver.test", { each: [["192.0.2.1"], ["192.0.2.2"]] }, { ttlSeconds });
      expect(await resolver.resolve("receiver.test")).toEqual(["192.0.2.1"]);
      resolver.clock.pass(keptMs);
      expect(await resolver.resolve("receiver.test")).toEqual(["192.0.2.1"]);
      resolver.clock.pass(goneMs - keptMs);
      expect(await resolver.resolve("receiver.test")).toEqual(["192.0.2.2"]);
    },
  );

  test("that does not exist is asked for again soon", async () => {
    await using nameServer = await startNameServer();
    using resolver = start(nameServer);
    expect(await resolver.resolve("receiver.test")).toBe("not_found");
    nameServer.set("receiver.test", ["192.0.2.1"], { ttlSeconds: 60 });
    expect(await resolver.resolve("receiver.test")).toBe("not_found");
    resolver.clock.pass(3_500);
    expect(await resolver.resolve("receiver.test")).toEqual(["192.0.2.1"]);
  });

  test("that nobody answers for holds up no other", async () => {
    await using nameServer = await startNameServer();
    using resolver = start(nameServer, { timeoutMs: 5_000 });
    const ended: string[] = [];
    const unanswered = Array.from({ length: 100 }, async (_, index) => {
      nameServer.set(`dead-${index}.test`, "silence");
      await resolver.resolve(`dead-${index}.test`);
      ended.push("dead");
    });
    nameServer.set("receiver.test", ["192.0.2.1"]);
    await expect.poll(() => nameServer.questions.length).toBe(200);
    expect(await resolver.resolve("receiver.test")).toEqual(["192.0.2.1"]);
    expect(ended).toEqual([]);
    resolver[Symbol.dispose]();
    await Promise.all(unanswered);
  });

  test("beyond a thousand unanswered ones fails at once, but one in the cache does not", async () => {
    await using nameServer = await startNameServer();
    using resolver = start(nameServer, { timeoutMs: 900 });
    nameServer.set("known.test", ["192.0.2.1"], { ttlSeconds: 60 });
    await resolver.resolve("known.test");
    const unanswered = Array.from({ length: 1_000 }, (_, index) => {
      nameServer.set(`dead-${index}.test`, "silence");
      return resolver.resolve(`dead-${index}.test`);
    });
    expect(await resolver.resolve("receiver.test")).toBe("overloaded");
    expect(await resolver.resolve("known.test")).toEqual(["192.0.2.1"]);
    expect(new Set(await Promise.all(unanswered))).toEqual(new Set(["timeout"]));
    nameServer.set("receiver.test", ["192.0.2.1"]);
    expect(await resolver.resolve("receiver.test")).toEqual(["192.0.2.1"]);
  });

  test.for<[how: string, answer: NameAnswer, options: NameOptions]>([
    [
      "with noise",
      ["192.0.2.2"],
      { spoil: (reply) => [Buffer.concat([reply.subarray(0, 2), Buffer.alloc(200, 0xc3)])] },
    ],
    ["in part", ["192.0.2.2"], { spoil: (reply) => [reply.subarray(0, -3)] }],
    ["that they do not exist", "nxdomain", {}],
  ])("that is answered slowly is found beside a hundred that are answered %s", async ([, answer, options]) => {
    await using nameServer = await startNameServer();
    using resolver = start(nameServer, { timeoutMs: 2_000 });
    nameServer.set("slow.test", ["192.0.2.1"], { delayMs: 350 });
    const slow = resolver.resolve("slow.test");
    // One after the other, as lanes ask: each is a chance to spoil what is under way.
    for (let index = 0; index < 100; index += 1) {
      nameServer.set(`other-${index}.test`, answer, options);
      await resolver.resolve(`other-${index}.test`);
    }
    expect(await slow).toEqual(["192.0.2.1"]);
  });

  test("fails when the name server cannot be reached", async () => {
    const nameServer = await startNameServer();
    using resolver = start(nameServer);
    await nameServer.close();
    expect(await resolver.resolve("receiver.test")).toMatch(/^(server|timeout)$/);
  });

  test("has its own time, however many name servers there are", async () => {
    await using nameServer = await startNameServer();
    using resolver = start(nameServer, {
      servers: Array.from({ length: 8 }, () => nameServer.address),
      timeoutMs: 200,
    });
    nameServer.set("receiver.test", "silence");
    const beganMs = performance.now();
    expect(await resolver.resolve("receiver.test")).toBe("timeout");
    expect(performance.now() - beganMs).toBeLessThan(1_000);
  });
});

describe("this machine", () => {
  test.for(["localhost", "app.localhost"])("is %s, without a question", async (name) => {
    await using nameServer = await startNameServer();
    using resolver = start(nameServer);
    nameServer.set(name, ["192.0.2.1"]);
    expect(await resolver.resolve(name)).toEqual(["127.0.0.1", "::1"]);
    expect(nameServer.questions).toEqual([]);
  });
});

describe("the hosts file", () => {
  test("comes before the name servers", async () => {
    const hostsFile = join(directory, "hosts");
    await writeFile(
      hostsFile,
      "# comment\n10.0.0.1\tOne.test one # 10.9.9.9\r\n2001:db8::1 one.test\nfe80::1%lo0 one.test\nnonsense one.test\n",
    );
    await using nameServer = await startNameServer();
    using resolver = start(nameServer, { hostsFile });
    nameServer.set("one.test", ["192.0.2.1"]);
    expect(await resolver.resolve("one.test")).toEqual(["10.0.0.1", "2001:db8::1"]);
    expect(await resolver.resolve("one")).toEqual(["10.0.0.1"]);
    expect(await resolver.resolve("nonsense")).toBe("not_found");
  });

  test("is read again when it changed, and is empty once it is gone", async () => {
    const hostsFile = join(directory, "changing");
    await writeFile(hostsFile, "10.0.0.1 one.test\n");
    await using nameServer = await startNameServer();
    using resolver = start(nameServer, { hostsFile });
    expect(await resolver.resolve("one.test")).toEqual(["10.0.0.1"]);
    await writeFile(hostsFile, "10.0.0.2 one.test two.test\n");
    resolver.clock.pass(1_100);
    expect(await resolver.resolve("one.test")).toEqual(["10.0.0.2"]);
    await rm(hostsFile);
    resolver.clock.pass(1_100);
    expect(await resolver.resolve("one.test")).toBe("not_found");
  });
});
