import { expect, test } from "vitest";

import { startLoad } from "../../faults/load.ts";
import { eventually } from "../support/engine.ts";
import type { TestGateway } from "../support/gateway.ts";
import { startReceiver } from "../support/receiver.ts";
import { freshDirectory, reachInto } from "../support/store.ts";
import { bucketsOf, makeDestination, makeSource, sharesOf, startNode, startTwo } from "./_nodes.ts";

type Arrival = { readonly number: number };

/** A receiver that notes what came when to which path. */
const startClock = async () => {
  const arrivals = new Map<string, Arrival[]>();
  const receiver = await startReceiver((request, response) => {
    const { number } = JSON.parse(request.body.toString());
    if (!arrivals.has(request.path)) arrivals.set(request.path, []);
    arrivals.get(request.path)!.push({ number });
    response.end();
  });
  return { receiver, arrivals };
};

/** The most within a span of this length. */
const mostWithin = (timesMs: readonly number[], spanMs: number): number =>
  Math.max(...timesMs.map((fromMs) => timesMs.filter((atMs) => atMs >= fromMs && atMs < fromMs + spanMs).length));

/** Posts events one after the other, each to another node. */
const post = async (nodes: readonly TestGateway[], path: string, numbers: readonly number[]): Promise<void> => {
  for (const number of numbers) {
    const { status } = await nodes[number % nodes.length]!.request("POST", path, { number });
    expect(status).toBe(200);
  }
};

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test("order and rate hold while lanes move to nodes that join", { timeout: 120_000 }, async () => {
  const { receiver, arrivals } = await startClock();
  await using _closed = receiver;
  const directory = freshDirectory();
  const first = await startNode(directory);
  const source = await makeSource(first);
  const paths = upTo(8).map((index) => `/${index}`);
  for (const path of paths) {
    const pace = { ordered: true, rate_limit: 50, rate_limit_period: "second" };
    await makeDestination(first, source, { url: receiver.url + path, ...pace });
  }
  const count = 300;
  await post([first], source.path, upTo(100));
  const second = await startNode(directory);
  await post([first, second], source.path, upTo(200).slice(100));
  const third = await startNode(directory);
  const nodes = [first, second, third];
  await post(nodes, source.path, upTo(count).slice(200));
  await eventually(() => expect(sharesOf(...nodes)).toEqual([20, 22, 22]));
  await eventually(() => expect([...arrivals.values()].map(({ length }) => length)).toEqual(paths.map(() => count)));
  for (const path of paths) {
    const own = arrivals.get(path)!;
    expect(own.map(({ number }) => number)).toEqual(upTo(count));
  }
  // When it was sent, not when it arrived; what is counted first may be sent a little after what is counted next.
  const sql = "select destination_id::text as destination, started_at_ms::float as at from attempts";
  // Recorded a little after they have arrived.
  const attempts = await eventually(async () => {
    const recorded = await reachInto<{ destination: string; at: number }>(directory, sql);
    expect(recorded.length).toBe(paths.length * count);
    return recorded;
  });
  for (const own of Map.groupBy(attempts, ({ destination }) => destination).values()) {
    const timesMs = own.map(({ at }) => at);
    expect(mostWithin(timesMs, 900)).toBeLessThanOrEqual(50);
  }
});

test(
  "ten thousand events that come in where their destination is not sent to are all sent once",
  { timeout: 90_000 },
  async () => {
    const { receiver, arrivals } = await startClock();
    await using _closed = receiver;
    const directory = freshDirectory();
    const [first, second] = [await startNode(directory), await startNode(directory)];
    await eventually(() => expect(sharesOf(first, second)).toEqual([32, 32]));
    const source = await makeSource(first);
    const destinationId = await makeDestination(first, source, { url: receiver.url, max_concurrency: 32 });
    const isFirst = first.gateway.membership!.standingOf(destinationId) === "ours";
    const other = isFirst ? second : first;
    const load = startLoad({ port: Number(new URL(other.url).port), path: source.path });
    await load.until(10_000);
    await load.stop();
    const sent = load.acknowledged.map(({ number }) => number);
    await eventually(() => expect(arrivals.get("/")).toHaveLength(sent.length));
    expect(new Set(arrivals.get("/")!.map(({ number }) => number))).toEqual(new Set(sent));
  },
);

test("a node that stops hands over what waits, and nothing is sent twice", async () => {
  const { receiver, arrivals } = await startClock();
  await using _closed = receiver;
  const directory = freshDirectory();
  const [first, second] = await startTwo(directory);
  const source = await makeSource(first);
  const paths = upTo(8).map((index) => `/${index}`);
  for (const path of paths) {
    await makeDestination(first, source, { url: receiver.url + path, rate_limit: 60, rate_limit_period: "second" });
  }
  await post([first, second], source.path, upTo(120));
  await first.stop();
  await eventually(() => expect(bucketsOf(second)).toHaveLength(64));
  await eventually(() => expect([...arrivals.values()].map(({ length }) => length)).toEqual(paths.map(() => 120)));
  for (const own of arrivals.values()) expect(new Set(own.map(({ number }) => number)).size).toBe(120);
});
