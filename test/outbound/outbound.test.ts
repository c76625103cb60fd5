import { once } from "node:events";

import { EventSource, fetch as undiciFetch, WebSocket as UndiciWebSocket } from "undici";
import { describe, expect, test } from "vitest";

import { freePort } from "../../harness/free-port.ts";
import { systemClock, type Clock } from "../../src/lib/clock.ts";
import { EgressAllowError } from "../../src/outbound/egress-allow.ts";
import { installGlobalDispatcher, type Outbound } from "../../src/outbound/outbound.ts";
import { watchDials } from "../support/dials.ts";
import { startNameServer, type NameAnswer } from "../support/name-server.ts";
import { outcome, post, startOutbound, within } from "../support/outbound.ts";
import { startRawReceiver, startReceiver } from "../support/receiver.ts";

const privateAddress = "resolves to a private address; see EGRESS_ALLOW";

/** A clock that a test can set forward, for answers of name servers to expire. */
const createMovableClock = (): Clock & { pass(ms: number): void } => {
  let passedMs = 0;
  return {
    ...systemClock,
    monotonicMs: () => systemClock.monotonicMs() + passedMs,
    pass: (ms) => {
      passedMs += ms;
    },
  };
};

describe("invariant 5: no socket goes to an address that the guard did not vet at connect time", () => {
  test.for([
    "http://127.0.0.1",
    "http://localhost",
    "http://[::ffff:127.0.0.1]",
    "http://2130706433",
    "http://0x7f.1",
    "http://127.0.0.1.",
    "http://private.test",
    "http://mixed.test",
    "http://mapped.test",
  ])("%s is refused by default", async (origin) => {
    await using receiver = await startReceiver();
    await using nameServer = await startNameServer();
    nameServer.set("private.test", ["127.0.0.1"]);
    nameServer.set("mixed.test", ["127.0.0.1", "192.0.2.1"]);
    nameServer.set("mapped.test", ["::ffff:127.0.0.1"]);
    await using outbound = startOutbound({ egressAllow: [], resolver: { servers: [nameServer.address] } });
    expect(await post(outbound, `${origin}:${receiver.port}/?key=secret`)).toMatchObject({
      code: "refused_address",
      message: `the URL ${privateAddress}`,
    });
    expect(receiver.connections).toBe(0);
  });

  test("one refused address among allowed ones refuses the name", async () => {
    await using receiver = await startReceiver();
    await using nameServer = await startNameServer();
    nameServer.set("mixed.test", ["127.0.0.1", "169.254.169.254"]);
    await using outbound = startOutbound({ resolver: { servers: [nameServer.address] } });
    expect(outcome(await post(outbound, `http://mixed.test:${receiver.port}`))).toBe("refused_address");
    expect(receiver.connections).toBe(0);
  });

  test("a name that changes its address is judged again, and its new address is not connected to", async () => {
    const clock = createMovableClock();
    const port = await freePort();
    await using good = await startReceiver({ headers: { connection: "close" } }, { port });
    await using bad = await startReceiver({}, { host: "127.0.0.2", port });
    await using nameServer = await startNameServer();
    nameServer.set("rebound.test", { each: [["127.0.0.1"], ["127.0.0.2"]] });
    await using outbound = startOutbound({ clock, resolver: { servers: [nameServer.address] } });
    const url = `http://rebound.test:${good.port}/`;
    expect(await outbound.checkUrl(url)).toEqual({ ok: true, url });
    expect(outcome(await post(outbound, url))).toBe(200);
    clock.pass(120_000);
    expect(outcome(await post(outbound, url))).toBe("refused_address");
    expect([good.requests.length, bad.connections]).toEqual([1, 0]);
  });

  test("the address connected to is the one that was judged, whatever the name says by then", async () => {
    const port = await freePort();
    await using good = await startReceiver({}, { port });
    await using bad = await startReceiver({}, { host: "127.0.0.2", port });
    await using nameServer = await startNameServer();
    nameServer.set("rebound.test", { each: [["127.0.0.1"], ["127.0.0.2"]] });
    await using outbound = startOutbound({ resolver: { servers: [nameServer.address] } });
    expect(outcome(await post(outbound, `http://rebound.test:${good.port}/`))).toBe(200);
    expect(nameServer.questions.filter(({ type }) => type === "A").length).toBe(1);
    expect([good.requests.length, bad.connections]).toEqual([1, 0]);
  });

  test("plain http goes to EGRESS_ALLOW alone", async () => {
    await using outbound = startOutbound();
    expect(await post(outbound, "http://8.8.8.8/")).toMatchObject({
      code: "refused_address",
      message: "the URL must be an https URL",
    });
  });

  test("a private name with a public address is refused all the same", async () => {
    await using nameServer = await startNameServer();
    nameServer.set("metadata.google.internal", ["8.8.8.8"]);
    await using outbound = startOutbound({ resolver: { servers: [nameServer.address] } });
    expect(outcome(await post(outbound, "https://metadata.google.internal/"))).toBe("refused_address");
  });

  test("a host in EGRESS_ALLOW may lead anywhere", async () => {
    await using receiver = await startReceiver();
    await using nameServer = await startNameServer();
    nameServer.set("a.lan.test", ["127.0.0.1"]);
    nameServer.set("lan.test", ["127.0.0.1"]);
    await using outbound = startOutbound({ egressAllow: ["*.lan.test"], resolver: { servers: [nameServer.address] } });
    expect(outcome(await post(outbound, `http://a.lan.test:${receiver.port}`))).toBe(200);
    expect(outcome(await post(outbound, `http://lan.test:${receiver.port}`))).toBe("refused_address");
  });

  test.for(["http://127.0.0.1:0/", "http://[::1]:0/"])("%s has a port that is not dialled", async (url) => {
    using dials = watchDials();
    await using receiver = await startReceiver();
    await using outbound = startOutbound();
    expect(await post(outbound, url)).toMatchObject({ code: "connect", message: "nobody listens on port 0" });
    expect(dials.all).toEqual([]);
    // Those that are dialled are seen.
    expect(outcome(await post(outbound, receiver.url))).toBe(200);
    expect(dials.all).toEqual([`127.0.0.1:${receiver.port}`]);
  });

  test("an entry that cannot be read is an error at the start", () => {
    expect(() => startOutbound({ egressAllow: ["10.0.0.0/8", "10.0.0.0/88"] })).toThrow(EgressAllowError);
  });
});

describe("a connection", () => {
  const served = async (answer: NameAnswer, options: Parameters<typeof startOutbound>[0] = {}) => {
    const nameServer = await startNameServer();
    nameServer.set("receiver.test", answer);
    const outbound = startOutbound({ ...options, resolver: { servers: [nameServer.address], ...options.resolver } });
    return {
      outbound,
      [Symbol.asyncDispose]: async () => {
        await outbound.close();
        await nameServer.close();
      },
    };
  };

  test("names the host in the request and in TLS, although it goes to an address", async () => {
    await using receiver = await startReceiver({}, { tls: true });
    await using gateway = await served(["127.0.0.1"]);
    const headers = [["host", "elsewhere.test"]] as const;
    expect(outcome(await post(gateway.outbound, `${receiver.url}/hooks`, { headers }))).toBe(200);
    const request = await receiver.next();
    expect([request.headers.host, request.serverName]).toEqual([`receiver.test:${receiver.port}`, "receiver.test"]);
  });

  test("may be to an address over TLS", async () => {
    await using receiver = await startReceiver({}, { tls: true });
    await using gateway = await served([]);
    expect(outcome(await post(gateway.outbound, `https://127.0.0.1:${receiver.port}/`))).toBe(200);
    expect((await receiver.next()).serverName).toBe(undefined);
  });

  test("ignores the last dot of a name in TLS", async () => {
    await using receiver = await startReceiver({}, { tls: true });
    await using gateway = await served(["127.0.0.1"]);
    expect(outcome(await post(gateway.outbound, `https://receiver.test.:${receiver.port}/`))).toBe(200);
  });

  test("resumes its TLS session when it is made again", async () => {
    await using receiver = await startReceiver({ headers: { connection: "close" } }, { tls: true });
    await using gateway = await served(["127.0.0.1"]);
    expect(outcome(await post(gateway.outbound, receiver.url))).toBe(200);
    expect(outcome(await post(gateway.outbound, receiver.url))).toBe(200);
    expect(receiver.requests.map(({ isResumed }) => isResumed)).toEqual([false, true]);
  });

  test.for([
    [["127.0.0.3", "127.0.0.1"], "the second address"],
    [["127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.1"], "the fourth address"],
    [["::1", "127.0.0.1"], "IPv4"],
  ] as const)("is made to %j until one accepts", async ([addresses]) => {
    await using receiver = await startReceiver();
    await using gateway = await served(addresses, { egressAllow: ["127.0.0.0/8", "::1"] });
    expect(outcome(await post(gateway.outbound, `http://receiver.test:${receiver.port}/`))).toBe(200);
  });

  test("is made to IPv6", async () => {
    await using receiver = await startReceiver({}, { host: "::1" });
    await using gateway = await served(["::1"]);
    expect(outcome(await post(gateway.outbound, `http://receiver.test:${receiver.port}/`))).toBe(200);
    expect(outcome(await post(gateway.outbound, `http://[::1]:${receiver.port}/`))).toBe(200);
  });

  test.for([
    ["nxdomain", "the host name has no address"],
    [[], "the host name has no address"],
    [Array.from({ length: 129 }, (_, at) => `8.8.8.${at}`), "the host name has too many addresses"],
    ["servfail", "the name servers could not answer"],
    ["silence", "the name servers did not answer in time"],
  ] as const)("is not made when the name is answered %j", async ([answer, message]) => {
    await using gateway = await served(answer);
    expect(await post(gateway.outbound, "https://receiver.test/?key=secret")).toMatchObject({ code: "dns", message });
  });

  test.for([
    ["an unknown authority", { ca: undefined }, "receiver.test", "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["another name", {}, "other.test", "ERR_TLS_CERT_ALTNAME_INVALID"],
  ] as const)("is not made with a certificate of %s", async ([, tls, host, code]) => {
    await using receiver = await startReceiver({}, { tls: true });
    await using nameServer = await startNameServer();
    nameServer.set(host, ["127.0.0.1"]);
    await using outbound = startOutbound({
      ...("ca" in tls ? { tls: {} } : {}),
      resolver: { servers: [nameServer.address] },
    });
    expect(await post(outbound, `https://${host}:${receiver.port}/`)).toMatchObject({
      code: "tls",
      message: `the TLS handshake failed (${code})`,
    });
    expect(receiver.requests).toEqual([]);
  });

  test.for([
    ["speaks plain HTTP", (write: (text: string) => void) => write("HTTP/1.1 400 Bad Request\r\n\r\n"), "tls"],
    ["hangs up", (_: unknown, end: () => void) => end(), "tls"],
    ["says nothing", () => {}, "timeout"],
  ] as const)("is not made with a receiver that %s instead of TLS", async ([, answer, code]) => {
    await using receiver = await startRawReceiver((socket) =>
      socket.once("data", () =>
        answer(
          (text) => socket.write(text),
          () => socket.end(),
        ),
      ),
    );
    await using gateway = await served(["127.0.0.1"], { connectTimeoutMs: 300 });
    const url = `https://receiver.test:${receiver.port}/`;
    expect(outcome(await within(1_000, () => post(gateway.outbound, url)))).toBe(code);
  });

  test("that is still being made ends with close", async () => {
    await using receiver = await startRawReceiver((socket) => void socket.resume());
    await using gateway = await served(["127.0.0.1"]);
    const sent = post(gateway.outbound, `https://receiver.test:${receiver.port}/`);
    await expect.poll(() => receiver.connections).toBe(1);
    await gateway.outbound.close();
    expect(outcome(await sent)).toBe("cancelled");
    await expect.poll(() => receiver.openConnections).toBe(0);
  });
});

describe("the words of a failure", () => {
  test.for([
    ["refused_address", "http://user:pw-7f3a@10.20.30.40/path-7f3a?key=7f3a"],
    ["connect", "http://user:pw-7f3a@127.0.0.1:9/path-7f3a?key=7f3a"],
    ["dns", "https://user:pw-7f3a@unknown.test/path-7f3a?key=7f3a"],
    ["protocol", "ftp://user:pw-7f3a@127.0.0.1/path-7f3a?key=7f3a"],
  ] as const)("tell no address, path, query or credential: %s", async ([code, url]) => {
    await using nameServer = await startNameServer();
    await using outbound = startOutbound({ resolver: { servers: [nameServer.address] } });
    const headers = [["authorization", "Bearer 7f3a"]] as const;
    const result = await post(outbound, url, { headers, body: Buffer.from("7f3a") });
    expect(outcome(result)).toBe(code);
    expect(JSON.stringify(result)).not.toMatch(/7f3a|user|\d+\.\d+\.\d+\.\d+/);
  });
});

describe("fetch", () => {
  const fetches = [
    ["Node's", fetch],
    ["undici's", undiciFetch],
  ] as const;

  test.for(fetches)("%s goes through the guard once it is installed, and no longer than that", async ([, fetchIt]) => {
    await using receiver = await startReceiver({ body: "hello" });
    await using outbound: Outbound & AsyncDisposable = startOutbound({ egressAllow: [] });
    {
      using _installed = installGlobalDispatcher(outbound);
      await expect(fetchIt(receiver.url)).rejects.toMatchObject({
        cause: { name: "EgressError", code: "refused_address", message: `the URL ${privateAddress}` },
      });
      expect(receiver.connections).toBe(0);
    }
    const answer = await fetchIt(receiver.url, { headers: { connection: "close" } });
    expect(await answer.text()).toBe("hello");
  });

  test.for(fetches)("%s follows no redirect past the guard", async ([, fetchIt]) => {
    await using elsewhere = await startReceiver({}, { host: "127.0.0.2" });
    await using receiver = await startReceiver({ status: 302, headers: { location: elsewhere.url } });
    await using outbound = startOutbound();
    using _installed = installGlobalDispatcher(outbound);
    await expect(fetchIt(receiver.url)).rejects.toMatchObject({ cause: { code: "refused_address" } });
    expect([receiver.requests.length, elsewhere.connections]).toEqual([1, 0]);
  });
});

describe("what else opens connections by itself", () => {
  test.for<[what: string, open: (port: number) => EventTarget & { close(): void }]>([
    ["Node's WebSocket", (port) => new WebSocket(`ws://127.0.0.1:${port}/`)],
    ["undici's WebSocket", (port) => new UndiciWebSocket(`ws://127.0.0.1:${port}/`)],
    ["undici's EventSource", (port) => new EventSource(`http://127.0.0.1:${port}/`)],
  ])("%s goes through the guard once it is installed", async ([, open]) => {
    await using receiver = await startReceiver();
    await using outbound: Outbound & AsyncDisposable = startOutbound({ egressAllow: [] });
    using dials = watchDials();
    using _installed = installGlobalDispatcher(outbound);
    const opened = open(receiver.port);
    await once(opened, "error");
    opened.close();
    expect([dials.all, receiver.connections]).toEqual([[], 0]);
  });
});

describe("a URL at save", () => {
  test.for([
    ["https://public.test/", ["8.8.8.8", "2606:4700::1"], [], true],
    ["https://unknown.test/", "nxdomain", [], true],
    ["https://slow.test/", "silence", [], true],
    ["https://private.test/", ["10.0.0.1"], [], privateAddress],
    ["https://private.test/", ["8.8.8.8", "10.0.0.1"], [], privateAddress],
    ["https://private.test/", ["fd00::1"], [], privateAddress],
    ["https://private.test/", ["64:ff9b::10.0.0.1"], [], privateAddress],
    ["https://private.test/", ["10.0.0.1"], ["10.0.0.0/8"], true],
    ["https://private.test/", ["10.0.0.1", "192.168.0.1"], ["10.0.0.0/8"], privateAddress],
    ["http://private.test/", ["10.0.0.1"], ["10.0.0.0/8"], true],
    ["http://public.test/", ["8.8.8.8"], ["10.0.0.0/8"], "must be an https URL"],
    ["http://unknown.test/", "nxdomain", ["10.0.0.0/8"], "must be an https URL"],
    ["http://unknown.test/", "nxdomain", ["unknown.test"], true],
    ["https://db.internal/", ["10.0.0.1"], ["10.0.0.0/8"], true],
    ["https://db.internal/", ["8.8.8.8"], ["10.0.0.0/8"], privateAddress],
    ["https://db.internal/", ["10.0.0.1", "8.8.8.8"], ["10.0.0.0/8"], privateAddress],
    ["https://db.internal/", "nxdomain", ["10.0.0.0/8"], privateAddress],
    ["https://db.internal/", "nxdomain", ["*.internal"], true],
    ["https://localhost/", "nxdomain", ["127.0.0.0/8"], privateAddress],
    ["https://localhost/", "nxdomain", ["127.0.0.0/8", "::1"], true],
    ["http://localhost/", "nxdomain", ["localhost"], true],
    ["https://user@public.test/", ["8.8.8.8"], [], "must not contain credentials"],
  ] as const)("%s, which is answered %j, with %j allowed: %s", async ([url, answer, egressAllow, expected]) => {
    await using nameServer = await startNameServer();
    nameServer.set(new URL(url).hostname, answer);
    await using outbound = startOutbound({ egressAllow, resolver: { servers: [nameServer.address], timeoutMs: 200 } });
    expect(await outbound.checkUrl(url)).toEqual(
      expected === true ? { ok: true, url } : { ok: false, problem: expected },
    );
  });
});
