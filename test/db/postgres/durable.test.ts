import { expect, onTestFinished, test } from "vitest";

import { runIn } from "../../../harness/postgres.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { openStoreAt } from "../../support/open-store.ts";
import { ensureDatabase } from "../../support/postgres.ts";
import { execute, freshDirectory } from "../../support/store.ts";

test.for([
  ["off", "on"],
  ["local", "on"],
  ["remote_write", "on"],
  ["on", "on"],
  ["remote_apply", "remote_apply"],
])("a role whose commits wait as %s says has them wait as %s says, whatever is written", async ([set, kept]) => {
  const database = await ensureDatabase(freshDirectory());
  await runIn(
    database,
    "create table seen (setting text not null)",
    `create function see() returns trigger language plpgsql as
       $$ begin insert into seen values (current_setting('synchronous_commit')); return new; end $$`,
    "create trigger see before update on schema_migrations for each row execute function see()",
  );
  const url = new URL(database);
  url.searchParams.set("options", `-c synchronous_commit=${set}`);
  const store = await openStoreAt({ directory: "", url: url.href, clock: systemClock, observer: {} });
  onTestFinished(() => store.close());
  const see = "insert into seen values (current_setting('synchronous_commit'))";
  await store.write((tx) => execute(tx, see));
  await store.cluster!.query(see);
  await store.probe();
  expect(await runIn(database, "select setting from seen")).toEqual(
    Array.from({ length: 3 }, () => ({ setting: kept })),
  );
});
