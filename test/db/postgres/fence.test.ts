import { expect, test } from "vitest";

import { nodeLockSql } from "../../../src/db/fence.ts";
import type { Draft, Join } from "../../../src/db/group-commit.ts";
import { insertStatement } from "../../../src/db/statement.ts";
import type { Store } from "../../../src/db/store.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { createIds, type Id } from "../../../src/lib/ids.ts";
import { createSystemRandom } from "../../../src/lib/random.ts";
import { execute, freshDirectory, freshStore, idLiteral, reachInto, select } from "../../support/store.ts";

const insert = insertStatement({ table: "claims", columns: { number: "integer", node: "text" } });
const ids = createIds(systemClock, createSystemRandom());

const addNode = (store: Store, id: Id): Promise<void> =>
  store.write((tx) => execute(tx, `insert into nodes values (${idLiteral(id)}, 'a', 'all', '1', '', 0, 0)`));

/** As whoever finds it dead: the lock first, then the row. */
const removeNode = (store: Store, id: Id): Promise<void> =>
  store.write(async (tx) => {
    await execute(tx, `select pg_advisory_xact_lock(${nodeLockSql(idLiteral(id))})`);
    await execute(tx, `delete from nodes where id = ${idLiteral(id)}`);
  });

const waitersSql = `select count(*)::integer as count from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;

/** Waits until so many sessions wait for others. */
const waiters = async (directory: string, count: number): Promise<void> => {
  await expect.poll(() => reachInto(directory, waitersSql)).toEqual([{ count }]);
};

/** A store, and commits that name the node they think they are of. */
const startNode = async () => {
  const directory = freshDirectory();
  const store = await freshStore({ directory });
  await store.write((tx) => execute(tx, "create table claims (number bigint primary key, node text not null)"));
  const state: { node: string; fenced: number; abandoned: number } = { node: "nobody", fenced: 0, abandoned: 0 };
  const join: Join<number, string> = store.line<number, string>({
    name: "claims",
    itemsMax: 100,
    overlaps: true,
    draft: (numbers): Draft<string> => {
      const { node } = state;
      return {
        operations: [{ statement: insert, rows: numbers.map((number) => [number, node]) }],
        committed: () => numbers.map(() => node),
        abandoned: () => {
          state.abandoned += 1;
        },
      };
    },
  });
  const become = async (node: Id): Promise<void> => {
    await addNode(store, node);
    state.node = node;
    store.fence(node, () => {
      state.fenced += 1;
      state.node = "nobody";
    });
  };
  const written = () => select<{ number: number; node: string }>(store, "select * from claims order by number");
  return { directory, store, state, join, become, written };
};

test("commits of a node are written while its row is there", async () => {
  const { state, join, become, written } = await startNode();
  const node = ids.next();
  await become(node);
  expect(await Promise.all([join(1), join(2)])).toEqual([node, node]);
  expect(state.fenced).toBe(0);
  expect(await written()).toHaveLength(2);
});

test("once it is gone, its commits are drafted again by what it is then, and it is told once", async () => {
  const { store, state, join, become, written } = await startNode();
  const node = ids.next();
  await become(node);
  await removeNode(store, node);
  expect(await Promise.all([join(1), join(2)])).toEqual(["nobody", "nobody"]);
  expect(await join(3)).toBe("nobody");
  expect(state).toMatchObject({ fenced: 1, abandoned: 1 });
  expect(await written()).toEqual([1, 2, 3].map((number) => ({ number, node: "nobody" })));
});

test("it may join again under another name", async () => {
  const { store, state, join, become } = await startNode();
  const [first, second] = [ids.next(), ids.next()];
  await become(first);
  await removeNode(store, first);
  await join(1);
  await become(second);
  expect(await join(2)).toBe(second);
  await removeNode(store, second);
  expect(await join(3)).toBe("nobody");
  expect(state.fenced).toBe(2);
});

test("whoever removes a node waits for the commit that it is about to make, so that none comes after", async () => {
  const { directory, join, become, written } = await startNode();
  const [other, remover] = [await freshStore({ directory }), await freshStore({ directory })];
  const node = ids.next();
  await become(node);

  // The commit has seen that its node is there, and waits for a row.
  const [held, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holding = other
    .write(async (tx) => {
      await execute(tx, "insert into claims values (1, 'other')");
      held.resolve();
      await release.promise;
      throw new Error("nothing of it remains");
    })
    .catch(() => null);
  await held.promise;
  const joined = join(1);
  await waiters(directory, 1);
  const removed = removeNode(remover, node);
  await waiters(directory, 2);
  release.resolve();
  await holding;
  expect(await joined).toBe(node);
  await removed;
  expect(await written()).toEqual([{ number: 1, node }]);
  expect(await join(2)).toBe("nobody");
});
