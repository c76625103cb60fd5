import { expect, onTestFinished, test } from "vitest";

import { runIn, startPostgres, startStandby } from "../../../harness/postgres.ts";
import { inspectPostgres } from "../../../src/db/postgres/inspect.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { ensureDatabase } from "../../support/postgres.ts";
import { freshDirectory, select } from "../../support/store.ts";
import { openMarks, outcomeOf } from "./_marks.ts";
import { startSwitch } from "./_switch.ts";

const startServers = async () => {
  const primary = await startPostgres({ isDurable: true });
  onTestFinished(() => primary.close());
  const standby = await startStandby(primary);
  onTestFinished(() => standby.close());
  return { primary, standby };
};

test(
  "an address that led to a standby for a while is written to as soon as it leads to the primary again",
  { timeout: 60_000 },
  async () => {
    const { primary, standby } = await startServers();
    const address = await startSwitch(primary.url());
    const { store, join, marks } = await openMarks(address.url, primary.url());
    const beat = () => store.cluster!.query("update nodes set name = name");
    const all = (mark: number): Promise<unknown[]> =>
      Promise.all([join(mark), store.probe().then(() => "probed"), beat(), select(store, "select 1")].map(outcomeOf));
    const allWell = (mark: number) => [mark, "probed", [], [{ "?column?": 1 }]];
    expect(await all(0)).toEqual(allWell(0));
    address.leadTo(standby.port);
    address.cut();
    // Of what is on its way when the connection ends, nobody there can tell what became of it.
    await all(1);
    // What is read there may be old, so that it is not read either.
    expect(await all(2)).toEqual(Array.from({ length: 4 }, () => "unavailable"));
    await expect(store.probe()).rejects.toThrow(/is a standby, which takes no writes/);
    address.leadTo(primary.port);
    expect(await all(3)).toEqual(allWell(3));
    expect(await marks()).toEqual([0, 3]);
  },
);

test("whoever looks at a standby is told that it is one", { timeout: 60_000 }, async () => {
  const { standby } = await startServers();
  await expect(inspectPostgres(standby.url(), systemClock)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/is a standby/),
  });
});

test("a connection that takes no writes is given up, and those that only read with it, where nothing tells what it leads to", async () => {
  const url = await ensureDatabase(freshDirectory());
  const { store, join, marks } = await openMarks(url);
  expect(await join(0)).toBe(0);
  const database = new URL(url).pathname.slice(1);
  // Holds for connections that are opened from now on, as the demotion of a server does behind a pooler.
  await runIn(
    url,
    `alter database "${database}" set default_transaction_read_only = on`,
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}' and pid <> pg_backend_pid()`,
  );
  const readOnly = async () => select(store, "select current_setting('transaction_read_only') as is_on");
  expect(await readOnly()).toEqual([{ is_on: "on" }]);
  expect(await outcomeOf(join(1))).toBe("unavailable");
  await runIn(url, "set default_transaction_read_only = off", `alter database "${database}" reset all`);
  expect(await readOnly()).toEqual([{ is_on: "off" }]);
  expect(await join(2)).toBe(2);
  expect(await marks()).toEqual([0, 2]);
});
