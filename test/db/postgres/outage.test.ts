import { expect, onTestFinished, test } from "vitest";

import { http } from "../../../harness/http.ts";
import { type PostgresServer, startPostgres } from "../../../harness/postgres.ts";
import { startGateway } from "../../support/gateway.ts";
import { makeSource, post } from "../../support/journey.ts";
import { ensureDatabase } from "../../support/postgres.ts";
import { execute, freshDirectory, freshStore, select } from "../../support/store.ts";
import { openMarks, outcomeOf } from "./_marks.ts";

const startServer = async (): Promise<PostgresServer> => {
  const server = await startPostgres({ isDurable: true });
  onTestFinished(() => server.close());
  return server;
};

test.for(["fast", "immediate"] as const)(
  "a server that is restarted (%s) under load loses nothing that was acknowledged, and is written to again",
  { timeout: 120_000 },
  async (mode) => {
    const server = await startServer();
    const { join, marks } = await openMarks(server.url());
    const [kept, refused]: [number[], Set<unknown>] = [[], new Set()];
    const over = new AbortController();
    let last = 0;
    const load = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const mark = (last += 1);
        const outcome = await outcomeOf(join(mark));
        if (outcome === mark) kept.push(mark);
        else refused.add(outcome);
        await new Promise(setImmediate);
      }
    };
    const loads = Array.from({ length: 8 }, load);
    await expect.poll(() => kept.length).toBeGreaterThan(200);
    await server.stop(mode);
    await expect.poll(() => refused.size).toBeGreaterThan(0);
    await server.start();
    const before = kept.length;
    await expect.poll(() => kept.length).toBeGreaterThan(before + 200);
    over.abort();
    await Promise.all(loads);
    expect([...refused].filter((code) => code !== "unavailable" && code !== "interrupted")).toEqual([]);
    const found = new Set(await marks());
    expect(kept.filter((mark) => !found.has(mark))).toEqual([]);
  },
);

test("while the database is gone events are answered 503 for now, and taken again when it is back", async () => {
  const server = await startServer();
  const gateway = await startGateway({ environment: { DATABASE_URL: server.url() } });
  const source = await makeSource(gateway, { provider: "generic", require_signature: false });
  const send = async (): Promise<[number, string | undefined]> => {
    const { status, headers } = await post(source, { headers: {}, body: "{}" });
    return [status, headers["retry-after"]];
  };
  expect(await send()).toEqual([200, undefined]);
  await server.stop("fast");
  expect(await send()).toEqual([503, "5"]);
  expect((await http(`${gateway.url}/readyz`)).status).toBe(503);
  expect((await http(`${gateway.url}/healthz`)).status).toBe(200);
  expect((await gateway.request("GET", "/webhooks/sources")).status).toBe(503);
  await server.start();
  expect(await send()).toEqual([200, undefined]);
  expect((await gateway.request("GET", "/webhooks/sources")).status).toBe(200);
});

test("more reads than there are connections wait for each other; far more are refused, and nothing breaks", async () => {
  const store = await freshStore();
  const ask = (): Promise<unknown> => outcomeOf(select(store, "select 1 as one"));
  const many = await Promise.all(Array.from({ length: 1_000 }, ask));
  expect(many).toEqual(many.map(() => [{ one: 1 }]));
  const tooMany = await Promise.all(Array.from({ length: 6_000 }, ask));
  expect(new Set(tooMany.map((each) => (Array.isArray(each) ? "read" : each)))).toEqual(
    new Set(["read", "unavailable"]),
  );
  expect(await ask()).toEqual([{ one: 1 }]);
});

test("a query that gives more rows than fit is refused as a mistake, and the connection goes on", async () => {
  const store = await freshStore();
  const ask = (count: number): Promise<unknown> =>
    outcomeOf(select(store, `select generate_series(1, ${count}) as one`));
  expect(await Promise.all(Array.from({ length: 8 }, () => ask(10_001)))).toEqual(
    Array.from({ length: 8 }, () => "misuse"),
  );
  expect(await ask(10_000)).toHaveLength(10_000);
});

test("connections that go while nobody uses them are opened again, and nobody notices", async () => {
  const { store, join } = await openMarks(await ensureDatabase(freshDirectory()));
  const all = (): Promise<unknown> =>
    Promise.all([join(Math.floor(Math.random() * 1e9)), store.probe(), select(store, "select 1")]);
  await all();
  await store.write((tx) => execute(tx, "select 1"));
  await select(
    store,
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
  await all();
  expect(await store.write(async () => "done")).toBe("done");
});
