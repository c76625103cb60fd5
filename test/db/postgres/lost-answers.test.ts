import { describe, expect, onTestFinished, test } from "vitest";

import { type PostgresServer, runIn, startPostgres } from "../../../harness/postgres.ts";
import { ensureDatabase } from "../../support/postgres.ts";
import { execute, freshDirectory } from "../../support/store.ts";
import { type Fate, startCommitProxy } from "./_commit-proxy.ts";
import { type MarkedStore, openMarks, outcomeOf } from "./_marks.ts";

const start = async (): Promise<MarkedStore & { loseNext(fate: Fate): void; lost(): number }> => {
  const database = await ensureDatabase(freshDirectory());
  const proxy = await startCommitProxy(database);
  const marked = await openMarks(proxy.url, database);
  await marked.join(0);
  return { ...marked, loseNext: (fate) => proxy.loseNext(fate), lost: () => proxy.lost };
};

describe("the answer to a group commit is lost", () => {
  test.for<Fate>(["written", "cut off", "held"])("and it was %s: it is written once, and told", async (fate) => {
    const { join, marks, loseNext, lost, interruptions } = await start();
    loseNext(fate);
    expect(await Promise.all([1, 2, 3].map(join))).toEqual([1, 2, 3]);
    expect([lost(), interruptions()]).toEqual([1, 0]);
    expect(await join(4)).toBe(4);
    expect(await marks()).toEqual([0, 1, 2, 3, 4]);
  });

  test("and nobody can be asked: it is refused as interrupted, and whoever keeps things in memory is told", async () => {
    const { join, loseNext, interruptions } = await start();
    loseNext("unreachable");
    expect(await outcomeOf(join(1))).toBe("interrupted");
    expect(interruptions()).toBe(1);
    // From then on it is known that nothing was sent.
    expect(await outcomeOf(join(2))).toBe("unavailable");
    expect(interruptions()).toBe(1);
  });
});

describe("the answer to a transaction is lost", () => {
  const write = ({ store }: MarkedStore, hooks: string[]): Promise<void> =>
    store.write(async (tx) => {
      await execute(tx, "insert into marks values (1)");
      tx.afterCommit(() => hooks.push("ran"));
    });

  test("and it was written: it is told, and what follows it runs", async () => {
    const marked = await start();
    const hooks: string[] = [];
    marked.loseNext("written");
    await write(marked, hooks);
    expect([hooks, await marked.marks()]).toEqual([["ran"], [0, 1]]);
  });

  test.for<Fate>(["cut off", "held"])("and it was %s: it is refused, and nothing of it remains", async (fate) => {
    const marked = await start();
    const hooks: string[] = [];
    marked.loseNext(fate);
    expect(await outcomeOf(write(marked, hooks))).toBe("unavailable");
    expect([hooks, await marked.marks(), marked.interruptions()]).toEqual([[], [0], 0]);
    await write(marked, hooks);
    expect([hooks, await marked.marks()]).toEqual([["ran"], [0, 1]]);
  });

  test("and nobody can be asked: it is refused as interrupted", async () => {
    const marked = await start();
    marked.loseNext("unreachable");
    expect(await outcomeOf(write(marked, []))).toBe("interrupted");
    expect(marked.interruptions()).toBe(1);
  });
});

/** What takes the memory of a server from it. */
const crashes: Readonly<Record<string, (server: PostgresServer) => Promise<void>>> = {
  "the server": async (server) => {
    await server.stop("immediate");
    await server.start();
  },
  "one of its sessions": async (server) => {
    const [self] = await runIn(
      server.url(),
      "select pid::bigint from pg_stat_activity where backend_type = 'client backend'",
    );
    process.kill(Number(self!["pid"]), "SIGKILL");
    await expect
      .poll(() => outcomeOf(runIn(server.url(), "select 1")), { timeout: 20_000 })
      .toEqual([expect.anything()]);
  },
};

test.for(Object.entries(crashes))(
  "a commit that %s took with it when it crashed is not taken for the one that was given its number afterwards",
  { timeout: 120_000 },
  async ([, crash]) => {
    // Nothing of it may have come to the disk before the crash: else its number is not given again.
    const server = await startPostgres({ isDurable: true, settings: { wal_writer_delay: "10s" } });
    onTestFinished(() => server.close());
    const proxy = await startCommitProxy(server.url());
    const { join, marks } = await openMarks(proxy.url, server.url());
    expect(await join(0)).toBe(0);
    proxy.loseNext("on its way");
    const answer = outcomeOf(join(1));
    await expect.poll(() => proxy.lost).toBe(1);
    const running = "select backend_xid::text::bigint as number from pg_stat_activity where backend_xid is not null";
    const [open] = await runIn(server.url(), running);
    const itsNumber = Number(open!["number"]);
    await crash(server);
    const next = async (): Promise<number> =>
      Number((await runIn(server.url(), "select pg_current_xact_id()::text as number"))[0]!["number"]);
    expect(await next()).toBeLessThanOrEqual(itsNumber);
    while ((await next()) < itsNumber);
    proxy.hangUp();
    expect(await answer).toBe("interrupted");
    expect(await marks()).toEqual([0]);
  },
);
