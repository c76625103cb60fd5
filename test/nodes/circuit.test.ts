import { expect, test } from "vitest";

import { startProcess } from "../cli/shell.ts";
import { eventually } from "../support/engine.ts";
import type { TestGateway } from "../support/gateway.ts";
import { ensureDatabase } from "../support/postgres.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { sealingKeysText } from "../support/sealing-keys.ts";
import { freshDirectory, reachInto } from "../support/store.ts";
import { bucketsOf, makeDestination, makeSource, sharesOf, startNode } from "./_nodes.ts";

const resetMs = 600_000;

/** One at a time, opened by the first failure, and never given up in this test. */
const fragile = {
  max_concurrency: 1,
  retry_schedule: Array.from({ length: 50 }, () => 1),
  circuit_breaker_enabled: true,
  circuit_breaker_threshold: 1,
  circuit_breaker_reset_seconds: resetMs / 1_000,
};

type Circuit = { readonly failures: number; readonly openedAtMs: number | null };

/** What the store says of a destination. */
const circuitOf = async (directory: string, id: string): Promise<Circuit> => {
  const sql = `select circuit_failures as failures, circuit_opened_at_ms::float as "openedAtMs" from destinations where id = '\\x${id.replaceAll("-", "")}'`;
  const [row] = await reachInto<Circuit>(directory, sql);
  return row!;
};

/** A source, and a destination of its. */
type Road = { readonly id: string; readonly path: string; readonly shownAt: string };

/** One whose destination this node sends to, or another one does. */
const makeRoad = async (node: TestGateway, standing: "ours" | "theirs", fields: object): Promise<Road> => {
  for (;;) {
    const source = await makeSource(node);
    const id = await makeDestination(node, source, { ...fields });
    const shownAt = `/webhooks/sources/${source.id}/destinations/${id}`;
    if (node.gateway.membership!.standingOf(id) === standing) return { id, path: source.path, shownAt };
  }
};

/** The node that sends to a destination, once one does. */
const ownerOf = (nodes: readonly TestGateway[], id: string): Promise<TestGateway> =>
  eventually(() => {
    const owner = nodes.find(({ gateway }) => gateway.membership!.standingOf(id) === "ours");
    expect(owner).toBeDefined();
    return owner!;
  });

const numbersAt = ({ requests }: Receiver): readonly unknown[] =>
  requests.map(({ body }) => Object(JSON.parse(body.toString())).number as unknown);

const post = async (node: TestGateway, { path }: Pick<Road, "path">, numbers: readonly number[]): Promise<void> => {
  for (const number of numbers) expect((await node.request("POST", path, { number })).status).toBe(200);
};

/** A destination that the same node sends to, and that has never failed. */
const startNeighbour = async (node: TestGateway) => {
  const receiver = await startReceiver();
  const road = await makeRoad(node, "ours", { url: receiver.url });
  return {
    [Symbol.asyncDispose]: receiver.close,
    /** Whatever the node could start before this was called has started when it resolves. */
    roundTrip: async (): Promise<void> => {
      const sent = receiver.requests.length;
      for (const trip of [1, 2]) {
        await post(node, road, [trip]);
        await receiver.waitFor(sent + trip);
      }
    },
  };
};

const advance = (nodes: readonly TestGateway[], ms: number): void => {
  for (const { clock } of nodes) clock.advance(ms);
};

test("an open circuit stays open while one node after the other leaves, and closes at the last", async () => {
  await using receiver = await startReceiver();
  receiver.respondWith({ status: 500 });
  const directory = freshDirectory();
  let nodes = [await startNode(directory), await startNode(directory), await startNode(directory)];
  await eventually(() => expect(sharesOf(...nodes)).toEqual([20, 22, 22]));
  const road = await makeRoad(nodes[0]!, "theirs", { url: receiver.url, ...fragile });
  const circuit = () => circuitOf(directory, road.id);
  await post(nodes[0]!, road, [0]);
  await eventually(async () => expect(await circuit()).toMatchObject({ failures: 1 }));
  for (const [number, node] of nodes.entries()) await post(node, road, [number + 1]);
  advance(nodes, resetMs / 2);
  await using first = await startNeighbour(await ownerOf(nodes, road.id));
  await first.roundTrip();
  for (const failures of [2, 3]) {
    // All know of everything; then what is tried fails, and the circuit is open for as long again.
    await Promise.all(nodes.map(({ core }) => core.store.freshen()));
    advance(nodes, resetMs / 2);
    await eventually(async () => expect(await circuit()).toMatchObject({ failures }));
    const known = await circuit();
    const owner = await ownerOf(nodes, road.id);
    await owner.stop();
    nodes = nodes.filter((node) => node !== owner);
    const next = await ownerOf(nodes, road.id);
    await using neighbour = await startNeighbour(next);
    await neighbour.roundTrip();
    advance(nodes, resetMs / 2);
    await neighbour.roundTrip();
    expect(numbersAt(receiver)).toEqual(Array.from({ length: failures }, () => 0));
    expect(await circuit()).toEqual(known);
    expect((await next.request("GET", road.shownAt)).body.data).toMatchObject({ circuit_breaker_state: "open" });
  }
  receiver.respondWith({ status: 200 });
  advance(nodes, resetMs / 2);
  await receiver.waitFor(3 + 4);
  expect(numbersAt(receiver).slice(3)).toEqual([0, 1, 2, 3]);
  await eventually(async () => expect(await circuit()).toEqual({ failures: 0, openedAtMs: null }));
});

/** A node in a process of its own, which can be killed. */
const startProcessNode = async (directory: string) =>
  startProcess(["serve"], {
    DATABASE_URL: await ensureDatabase(directory),
    SECRETS_KEY: sealingKeysText,
    DATA_DIR: directory,
    HOST: "127.0.0.1",
    PORT: "0",
    EGRESS_ALLOW: "127.0.0.1",
    LOG_LEVEL: "silent",
  });

test(
  "when a node was killed, its failures go on counting, and what it left alone is left alone",
  { timeout: 120_000 },
  async () => {
    await using dead = await startReceiver();
    await using failing = await startReceiver();
    for (const receiver of [dead, failing]) receiver.respondWith({ status: 500 });
    const directory = freshDirectory();
    const node = await startNode(directory);
    const other = await startProcessNode(directory);
    await eventually(() => expect(bucketsOf(node)).toHaveLength(32));
    const open = await makeRoad(node, "theirs", { url: dead.url, ...fragile });
    const counted = await makeRoad(node, "theirs", {
      url: failing.url,
      ...fragile,
      circuit_breaker_threshold: 3,
      retry_schedule: [],
    });
    const circuits = () => Promise.all([open, counted].map(({ id }) => circuitOf(directory, id)));
    const knownHere = () => node.core.table.destination(open.id)?.destination.circuitOpenedAtMs;
    for (const road of [open, counted]) await post(node, road, [0]);
    await eventually(async () => expect(await circuits()).toMatchObject([{ failures: 1 }, { failures: 1 }]));
    // That a circuit is open is told to all; that one more attempt failed is not.
    await eventually(() => expect(knownHere()).toEqual(expect.any(Number)));
    for (const road of [open, counted]) await post(node, road, [1]);
    await eventually(async () => expect(await circuits()).toMatchObject([{ failures: 1 }, { failures: 2 }]));
    const known = await circuits();
    other.kill("SIGKILL");
    await other.ended;
    await eventually(() => expect(bucketsOf(node)).toHaveLength(64));
    await using neighbour = await startNeighbour(node);
    await neighbour.roundTrip();
    advance([node], resetMs - 60_000);
    await neighbour.roundTrip();
    expect(await circuits()).toEqual(known);
    expect(numbersAt(dead)).toEqual([0]);

    // The third failure in a row, though this node has seen none before.
    for (const road of [open, counted]) await post(node, road, [2, 3]);
    await eventually(async () => expect((await circuits())[1]).toMatchObject({ failures: 3 }));
    const { data } = (await node.request("GET", counted.shownAt)).body;
    expect(data).toMatchObject({ failure_count: 3, circuit_breaker_state: "open" });
    await neighbour.roundTrip();
    expect(numbersAt(failing)).toEqual([0, 1, 2]);

    dead.respondWith({ status: 200 });
    advance([node], 60_000);
    await dead.waitFor(1 + 4);
    expect(numbersAt(dead)).toEqual([0, 0, 1, 2, 3]);
    await eventually(async () => expect((await circuits())[0]).toEqual({ failures: 0, openedAtMs: null }));
  },
);
