import { chmodSync } from "node:fs";

import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";

import { type PostgresServer, runIn, startPostgres } from "../../../harness/postgres.ts";
import { createSession } from "../../../src/db/postgres/session.ts";
import { parseUrl } from "../../../src/db/postgres/url.ts";
import { type Clock, systemClock } from "../../../src/lib/clock.ts";
import { createSystemRandom } from "../../../src/lib/random.ts";
import { execute, freshDirectory, select } from "../../support/store.ts";
import { openMarks, outcomeOf } from "./_marks.ts";

/** What waits for ten seconds waits for half a second. */
const hurried: Clock = { ...systemClock, after: (delayMs, run) => systemClock.after(delayMs / 20, run) };

/** As many as a store has when all is well. */
const backendsMax = 14;

const startServer = async (settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> => {
  const server = await startPostgres({ isDurable: true, settings });
  onTestFinished(() => server.close());
  return server;
};

const openHurried = (server: PostgresServer) => openMarks(server.url(), server.url(), hurried);

const backendsOf = async (server: PostgresServer, where = "true"): Promise<number> => {
  const sql = `select count(*) as count from pg_stat_activity where application_name = 'postern' and ${where}`;
  return Number((await runIn(server.url(), sql))[0]!["count"]);
};

const commitsWaitFor = (server: PostgresServer, standby: string) =>
  runIn(server.url(), `alter system set synchronous_standby_names = '${standby}'`, "select pg_reload_conf()");

test(
  "commits that wait for a standby that is gone are ended when nobody waits for them, and do not fill the server",
  { timeout: 120_000 },
  async () => {
    const server = await startServer();
    const { store, join, marks } = await openHurried(server);
    const all = async (mark: number): Promise<unknown[]> => {
      const work = [
        join(mark),
        store.probe(),
        store.cluster!.query("update versions set version = version where name = 'access'"),
        store.writeBeside((tx) => execute(tx, "insert into marks values (-1)")),
      ];
      return Promise.all(work.map(outcomeOf));
    };
    await all(0);
    await commitsWaitFor(server, "nobody");
    // The server reads its settings again a moment after it was told to.
    await expect.poll(() => outcomeOf(store.probe())).toBe("interrupted");
    const backends: number[] = [];
    for (let round = 1; round <= 4; round += 1) {
      const outcomes = await all(round);
      expect(outcomes.filter((outcome) => outcome !== "interrupted" && outcome !== "unavailable")).toEqual([]);
      backends.push(await backendsOf(server));
    }
    expect(backends.filter((count) => count > backendsMax)).toEqual([]);
    await commitsWaitFor(server, "");
    await expect.poll(() => all(100)).toEqual([100, undefined, [], undefined]);
    expect(await marks()).toContain(100);
    await expect.poll(() => backendsOf(server, "wait_event = 'SyncRep'")).toBe(0);
  },
);

const holdTable = async (server: PostgresServer, table: string): Promise<Client> => {
  const client = new Client({ connectionString: server.url() });
  onTestFinished(() => client.end());
  await client.connect();
  await client.query(`begin; lock table ${table} in access exclusive mode`);
  return client;
};

test("reads of a table that is locked are ended when nobody waits for them", { timeout: 60_000 }, async () => {
  const server = await startServer();
  const { store, join } = await openHurried(server);
  expect(await join(0)).toBe(0);
  const client = await holdTable(server, "marks");
  const read = (): Promise<unknown> => outcomeOf(select(store, "select mark from marks"));
  for (let round = 0; round < 4; round += 1) {
    const outcomes = await Promise.all(Array.from({ length: 4 }, read));
    expect(outcomes).toEqual(Array.from({ length: 4 }, () => "unavailable"));
  }
  await expect.poll(() => backendsOf(server, "wait_event_type = 'Lock'")).toBe(0);
  expect(await backendsOf(server)).toBeLessThanOrEqual(backendsMax);
  await client.query("commit");
  expect(await read()).toEqual([{ mark: 0 }]);
});

test("a probe that finds its table locked does not wait for as long as a commit may", async () => {
  const server = await startServer();
  const { store } = await openMarks(server.url());
  const client = await holdTable(server, "schema_migrations");
  await expect(store.probe()).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/lock timeout|statement timeout/),
  });
  await client.query("commit");
  await store.probe();
});

test("what is waited for no more is ended over a Unix socket, too", async () => {
  const directory = freshDirectory();
  chmodSync(directory, 0o777);
  const server = await startServer({ unix_socket_directories: directory });
  const session = createSession({
    ...parseUrl(`postgres://postgres@socket:${server.port}/postgres?host=${encodeURIComponent(directory)}`),
    clock: systemClock,
    random: createSystemRandom(),
    rowsMax: 10,
    answerMsMax: 200,
  });
  const sleep = { text: "select pg_sleep(60)", values: [] };
  await expect(session.run([sleep])).rejects.toMatchObject({ code: "interrupted" });
  // Whoever closes waits until nothing is left of it.
  await session.close();
  await expect.poll(() => backendsOf(server, "wait_event = 'PgSleep'")).toBe(0);
});
