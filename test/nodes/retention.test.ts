import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";

import type { Store } from "../../src/db/store.ts";
import { appendOperations } from "../../src/events/append.ts";
import type { Event } from "../../src/events/event.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { addOperation } from "../../src/queue/add.ts";
import { dropOrphansOperation, readOrphaned } from "../../src/queue/orphans.ts";
import { removeAll } from "../../src/retention/remove-events.ts";
import { createTally } from "../../src/retention/removed.ts";
import { beginRun } from "../../src/retention/run.ts";
import { databaseOf } from "../support/postgres.ts";
import { committer, newEvent, newPayload, newPending } from "../support/records.ts";
import { freshDirectory, freshStore, idLiteral, select } from "../support/store.ts";

const waiting =
  "select count(*)::integer as count from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";

/** A transaction of another node. */
const beginElsewhere = async (directory: string): Promise<Client> => {
  const client = new Client({ connectionString: databaseOf(directory) });
  client.on("error", () => null);
  await client.connect();
  onTestFinished(() => client.end());
  await client.query("begin");
  return client;
};

const untilSomebodyWaits = async (store: Store): Promise<void> => {
  await expect.poll(async () => (await select<{ count: number }>(store, waiting))[0]?.count).toBe(1);
};

const remove = (store: Store, { id, bodyBytes }: Event): Promise<void> => {
  const run = beginRun({ clock: systemClock, tally: createTally(), isStopped: () => false });
  return removeAll({ store }, run, [{ id, bodyBytes, rowsElsewhere: 0, isAwaited: false }], "live");
};

const countOf = async (store: Store, table: string): Promise<number> =>
  (await select<{ count: number }>(store, `select count(*)::integer as count from ${table}`))[0]!.count;

const makeEvent = async (directory: string): Promise<{ store: Store; event: Event }> => {
  const store = await freshStore({ directory });
  const event = newEvent();
  await committer(store)(...appendOperations([{ event, payload: newPayload() }]));
  return { store, event };
};

test("an event that another node replays while it is to be removed stays", async () => {
  const directory = freshDirectory();
  const { store, event } = await makeEvent(directory);
  const other = await beginElsewhere(directory);
  const id = idLiteral(event.id);
  await other.query(`select 1 from events where id = ${id} for no key update`);
  const removing = remove(store, event);
  await untilSomebodyWaits(store);
  await other.query(
    `insert into deliveries (event_id, id, team_id, env_id, source_id, connection_id, destination_id, is_replay, newest,
       status, due_at_ms, enabling, attempts, claims, generation, created_at_ms)
     values (${id}, ${id}, ${id}, ${id}, ${id}, ${id}, ${id}, 1, 1, 'pending', 1, 0, 0, 0, 0, 1)`,
  );
  await other.query("commit");
  await removing;
  expect(await countOf(store, "events")).toBe(1);
  expect(await countOf(store, "deliveries")).toBe(1);
});

test("a replay of an event that another node is removing leaves nothing, and is told", async () => {
  const directory = freshDirectory();
  const { store, event } = await makeEvent(directory);
  const other = await beginElsewhere(directory);
  const id = idLiteral(event.id);
  await other.query(`select 1 from events where id = ${id} for no key update`);
  await other.query(`delete from events where id = ${id}`);
  const replaying = committer(store)(
    addOperation([newPending({ eventId: event.id })]),
    dropOrphansOperation([event.id]),
  );
  await untilSomebodyWaits(store);
  await other.query("commit");
  const [, dropped] = await replaying;
  expect([...readOrphaned(dropped)]).toEqual([event.id]);
  expect(await countOf(store, "deliveries")).toBe(0);
});

test("what is removed keeps nobody of the same process from writing", async () => {
  const directory = freshDirectory();
  const { store, event } = await makeEvent(directory);
  const other = await beginElsewhere(directory);
  await other.query(`select 1 from events where id = ${idLiteral(event.id)} for no key update`);
  const removing = remove(store, event);
  await untilSomebodyWaits(store);
  await committer(store)(...appendOperations([{ event: newEvent(), payload: newPayload() }]));
  await store.write(() => Promise.resolve());
  await other.query("commit");
  await removing;
  expect(await countOf(store, "events")).toBe(1);
});
