import { describe, expect, test, onTestFinished } from "vitest";

import { createChildren } from "../../harness/children.ts";
import { createClient } from "../../harness/client.ts";
import { freePort } from "../../harness/free-port.ts";
import { http } from "../../harness/http.ts";
import { makeKey } from "../../harness/make-key.ts";
import { startServe } from "../../harness/serve.ts";
import { watchDials } from "../support/dials.ts";
import { eventually } from "../support/engine.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { listEvents, makeDestination, makeSource, type MadeDestination, type MadeSource } from "../support/journey.ts";
import type { NameAnswer, NameOptions } from "../support/name-server.ts";
import { type RawReceiver, startRawReceiver, startReceiver } from "../support/receiver.ts";
import { freshDirectory, select } from "../support/store.ts";

/** A source whose destinations are all sent to, in every way that there is. */
type Field = {
  readonly gateway: TestGateway;
  readonly source: MadeSource;
  readonly destinations: readonly MadeDestination[];
};

const startField = async (gateway: TestGateway, urls: readonly string[]): Promise<Field> => {
  const source = await makeSource(gateway, { require_signature: false });
  const destinations: MadeDestination[] = [];
  for (const url of urls) destinations.push(await makeDestination(gateway, source, { url }));
  return { gateway, source, destinations };
};

type AttemptRow = {
  readonly id: string;
  readonly destination: string;
  readonly code: string | null;
  readonly status: number | null;
  readonly error: string | null;
};

const readAttempts = ({ gateway: { core } }: Field): Promise<readonly AttemptRow[]> =>
  select(
    core.store,
    `select hex(attempt_id) as id, hex(destination_id) as destination, code, response_status as status, error
    from attempts`,
  );

/** Does something, and tells what the attempts that come of it came to: `each` of them for every destination, in their order. */
const attemptsAfter = async (field: Field, run: () => unknown, each = 1) => {
  const known = new Set((await readAttempts(field)).map(({ id }) => id));
  await run();
  const fresh = await eventually(async () => {
    const rows = (await readAttempts(field)).filter(({ id }) => !known.has(id));
    expect(rows).toHaveLength(each * field.destinations.length);
    return rows;
  });
  return field.destinations.flatMap(({ id }) => {
    const own = id.replaceAll("-", "").toUpperCase();
    const rows = fresh.filter(({ destination }) => destination === own);
    return rows.map(({ code, status, error }) => ({ code, status, error }));
  });
};

const post = ({ gateway, source }: Field) => gateway.request("POST", `/in/${source.slug}`, { hello: "world" });

const replayNewest = async ({ gateway, source }: Field): Promise<void> => {
  const [newest] = await listEvents(gateway, source);
  const { status } = await gateway.request("POST", `/webhooks/sources/${source.id}/events/${newest!.id}/replay`);
  expect(status).toBe(202);
};

const replayAll = async ({ gateway, source }: Field): Promise<void> => {
  const { status } = await gateway.request("POST", `/webhooks/sources/${source.id}/replays`, {});
  expect(status).toBe(202);
};

/** What the test route answers for each destination. */
const testAll = ({ gateway, destinations }: Field) =>
  Promise.all(
    destinations.map(async ({ path }) => {
      const { status, body } = await gateway.request("POST", `${path}/test`);
      return { status, body };
    }),
  );

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

/** Later than the first retry, and than any name is kept. */
const laterMs = 61_000;

describe("a name that has moved inward is connected to by no way out", () => {
  // Stands for a public address: it may be reached. 127.0.0.1 and ::1 may not.
  const open = "127.0.0.2";

  /** Where a name leads once it has moved. */
  const moves: Readonly<Record<string, readonly [answer: NameAnswer, options?: NameOptions]>> = {
    loopback: [["127.0.0.1"]],
    metadata: [["169.254.169.254"]],
    loopback6: [["::1"]],
    mapped: [["::ffff:127.0.0.1"]],
    first: [["127.0.0.1", open]],
    last: [[open, "127.0.0.1"]],
    "other-family": [[open, "::1"]],
    "last-of-many": [[...times(100, open), "127.0.0.1"]],
    alias: [["127.0.0.1"], { via: ["elsewhere.test"] }],
    "alias-of-alias": [[open, "169.254.169.254"], { via: ["elsewhere.test", "receiver.test"] }],
  };
  const names = Object.keys(moves).map((name) => `${name}.receiver.test`);

  const message = "the URL resolves to a private address; see EGRESS_ALLOW";
  const refused = times(names.length, { code: "refused_address", status: null, error: message });

  /** Receivers that say nothing and count who comes. */
  const startDeaf = async (port: number) => {
    const deaf: RawReceiver[] = [];
    for (const host of ["127.0.0.1", "::1"]) {
      deaf.push(await startRawReceiver((socket) => socket.resume(), { host, port }));
    }
    return {
      connections: () => deaf.map(({ connections }) => connections),
      [Symbol.asyncDispose]: async () => {
        for (const each of deaf) await each.close();
      },
    };
  };

  test("first delivery, retry, replay of one event, of many, test", async () => {
    using dials = watchDials();
    await using good = await startReceiver(
      { status: 500, headers: { connection: "close" } },
      { tls: true, host: open, port: await freePort() },
    );
    await using deaf = await startDeaf(good.port);
    const gateway = await startGateway({ environment: { EGRESS_ALLOW: open } });
    for (const name of names) gateway.names.set(name, [open]);
    const urls = names.map((name) => `https://${name}:${good.port}/`);
    const field = await startField(gateway, urls);
    const before = await attemptsAfter(field, () => post(field));
    expect(before.map(({ code, status }) => [code, status])).toEqual(times(names.length, ["status", 500]));

    for (const [name, [answer, options]] of Object.entries(moves)) {
      gateway.names.set(`${name}.receiver.test`, answer, options);
    }
    expect(await attemptsAfter(field, () => gateway.clock.advance(laterMs))).toEqual(refused);
    expect(await attemptsAfter(field, () => post(field))).toEqual(refused);
    expect(await attemptsAfter(field, () => replayNewest(field))).toEqual(refused);
    expect(await attemptsAfter(field, () => replayAll(field), 2)).toEqual([...refused, ...refused]);
    expect(await testAll(field)).toEqual(refused.map(({ error }) => ({ status: 422, body: { ok: false, error } })));
    for (const [at, { path }] of field.destinations.entries()) {
      expect((await gateway.request("PATCH", path, { url: urls[at] })).status).toBe(422);
    }

    expect([deaf.connections(), good.requests.length]).toEqual([[0, 0], names.length]);
    const gatewayAddress = gateway.url.replace("http://", "");
    expect(new Set(dials.all)).toEqual(new Set([gatewayAddress, `${open}:${good.port}`]));
  });

  test("nor while a connection to its earlier address is kept: that one is used on, to its end", async () => {
    await using good = await startReceiver({}, { tls: true, host: open, port: await freePort() });
    await using deaf = await startDeaf(good.port);
    const gateway = await startGateway({ environment: { EGRESS_ALLOW: open } });
    gateway.names.set("receiver.test", [open]);
    const field = await startField(gateway, [good.url]);
    expect(await attemptsAfter(field, () => post(field))).toMatchObject([{ status: 200 }]);
    gateway.names.set("receiver.test", ["127.0.0.1"]);
    gateway.clock.advance(laterMs);
    expect(await attemptsAfter(field, () => post(field))).toMatchObject([{ status: 200 }]);
    expect(good.requests.map(({ connection }) => connection)).toEqual([1, 1]);

    good.respondWith((_, response) => void response.destroy());
    expect(await attemptsAfter(field, () => post(field))).toMatchObject([{ code: "refused_address" }]);
    expect(deaf.connections()).toEqual([0, 0]);
  });
});

test("a redirect is followed by no way out", async () => {
  await using elsewhere = await startReceiver();
  await using receiver = await startReceiver(({ path }, response) => {
    const [, status, target] = path.split("/");
    response.writeHead(Number(status), { location: target === "inward" ? "http://169.254.169.254/" : elsewhere.url });
    response.end();
  });
  const statuses = [300, 301, 302, 303, 305, 307, 308].flatMap((status) => [status, status]);
  using dials = watchDials();
  const gateway = await startGateway();
  const urls = statuses.map((status, at) => `${receiver.url}/${status}/${at % 2 === 0 ? "inward" : "elsewhere"}`);
  const field = await startField(gateway, urls);

  const answered = statuses.map((status) => ({ code: "status", status }));
  expect(await attemptsAfter(field, () => post(field))).toMatchObject(answered);
  expect(await attemptsAfter(field, () => gateway.clock.advance(laterMs))).toMatchObject(answered);
  expect(await attemptsAfter(field, () => replayNewest(field))).toMatchObject(answered);
  expect(await attemptsAfter(field, () => replayAll(field))).toMatchObject(answered);
  expect(await testAll(field)).toEqual(statuses.map((status) => ({ status: 200, body: { ok: false, status } })));

  expect([elsewhere.connections, receiver.requests.length]).toEqual([0, 5 * statuses.length]);
  const gatewayAddress = gateway.url.replace("http://", "");
  expect(new Set(dials.all)).toEqual(new Set([gatewayAddress, `127.0.0.1:${receiver.port}`]));
});

test("a proxy that the environment names is not asked: what is vetted is what is connected to", async () => {
  await using receiver = await startReceiver();
  await using proxy = await startReceiver();
  const directory = freshDirectory();
  const children = createChildren();
  onTestFinished(() => children.killAll());
  const key = await makeKey(children, directory);
  const variables = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
  const environment = {
    NODE_USE_ENV_PROXY: "1",
    NO_PROXY: "",
    no_proxy: "",
    ...Object.fromEntries(variables.map((name) => [name, proxy.url])),
  };
  const gateway = await startServe(children, { directory, environment });
  await gateway.untilReady();
  const client = createClient(gateway.url, key);
  const source = await client.makeSource({ name: "s", require_signature: false });
  await client.makeDestination(source, { url: receiver.url });
  await http(`${gateway.url}${source.path}`, { method: "POST", body: "{}" });
  await receiver.waitFor(1);
  expect(proxy.connections).toBe(0);
  await gateway.end();
});
