import { Client } from "pg";
import { describe, expect, onTestFinished, test } from "vitest";

import { type PostgresServer, runIn, startPostgres, startStandby } from "../../../harness/postgres.ts";
import { ensureDatabase } from "../../support/postgres.ts";
import { execute, freshDirectory } from "../../support/store.ts";
import { type CommitProxy, type Fate, startCommitProxy } from "./_commit-proxy.ts";
import { type MarkedStore, openMarks, outcomeOf } from "./_marks.ts";

const start = async (): Promise<{ readonly marked: MarkedStore; readonly proxy: CommitProxy }> => {
  const database = await ensureDatabase(freshDirectory());
  const proxy = await startCommitProxy(database);
  const marked = await openMarks(proxy.url, database);
  await marked.join(0);
  return { marked, proxy };
};

describe("the answer to a group commit is lost", () => {
  const joins = ["join", "joinReading"] as const;
  const fates = ["written", "disowned", "cut off", "held"] as const;
  const cases = fates.flatMap((fate) => joins.map((name) => [fate, name] as const));

  test.for(cases)("and it was %s: it is written once, and told (%s)", async ([fate, name]) => {
    const { marked, proxy } = await start();
    const { [name]: join, marks, interruptions } = marked;
    proxy.loseNext(fate);
    expect(await Promise.all([1, 2, 3].map(join))).toEqual([1, 2, 3]);
    expect([proxy.lost, interruptions()]).toEqual([1, 0]);
    expect(await join(4)).toBe(4);
    expect(await marks()).toEqual([0, 1, 2, 3, 4]);
  });

  test("and nobody can be asked: it is refused as interrupted, and whoever keeps things in memory is told", async () => {
    const { marked, proxy } = await start();
    const { join, interruptions } = marked;
    proxy.loseNext("unreachable");
    expect(await outcomeOf(join(1))).toBe("interrupted");
    expect(interruptions()).toBe(1);
    // From then on it is known that nothing was sent.
    expect(await outcomeOf(join(2))).toBe("unavailable");
    expect(interruptions()).toBe(1);
  });
});

const write = ({ store }: MarkedStore, hooks: string[]): Promise<void> =>
  store.write(async (tx) => {
    await execute(tx, "insert into marks values (1)");
    tx.afterCommit(() => hooks.push("ran"));
  });

describe("the answer to a transaction is lost", () => {
  test.for<Fate>(["written", "disowned"])("and it was %s: it is told, and what follows it runs", async (fate) => {
    const { marked, proxy } = await start();
    const hooks: string[] = [];
    proxy.loseNext(fate);
    await write(marked, hooks);
    expect([hooks, await marked.marks()]).toEqual([["ran"], [0, 1]]);
  });

  test.for<Fate>(["cut off", "held"])("and it was %s: it is refused, and nothing of it remains", async (fate) => {
    const { marked, proxy } = await start();
    const hooks: string[] = [];
    proxy.loseNext(fate);
    expect(await outcomeOf(write(marked, hooks))).toBe("unavailable");
    expect([hooks, await marked.marks(), marked.interruptions()]).toEqual([[], [0], 0]);
    await write(marked, hooks);
    expect([hooks, await marked.marks()]).toEqual([["ran"], [0, 1]]);
  });

  test("and nobody can be asked: it is refused as interrupted", async () => {
    const { marked, proxy } = await start();
    proxy.loseNext("unreachable");
    expect(await outcomeOf(write(marked, []))).toBe("interrupted");
    expect(marked.interruptions()).toBe(1);
  });
});

const connect = async (connectionString: string): Promise<Client> => {
  const client = new Client({ connectionString });
  client.on("error", () => null);
  await client.connect();
  return client;
};

/** What takes the memory of a server from it. */
const crashes: Readonly<Record<string, (server: PostgresServer) => Promise<void>>> = {
  "the server": async (server) => {
    await server.stop("immediate");
    await server.start();
  },
  "one of its sessions": async (server) => {
    const [victim, witness] = [await connect(server.url()), await connect(server.url())];
    const [self] = (await victim.query<{ pid: number }>("select pg_backend_pid() as pid")).rows;
    const witnessEnded = Promise.withResolvers<void>();
    witness.once("end", () => witnessEnded.resolve());
    process.kill(self!.pid, "SIGKILL");
    // Every session is ended, and only then the log is worked off.
    await witnessEnded.promise;
    await expect
      .poll(() => outcomeOf(runIn(server.url(), "select 1")), { timeout: 20_000 })
      .toEqual([expect.anything()]);
  },
};

const startOnOwnServer = async () => {
  // Nothing of a commit that was not sent may have come to the disk before the crash: else its number is not given again.
  const server = await startPostgres({ isDurable: true, settings: { wal_writer_delay: "10s" } });
  onTestFinished(() => server.close());
  const proxy = await startCommitProxy(server.url());
  const marked = await openMarks(proxy.url, server.url());
  expect(await marked.join(0)).toBe(0);
  return { server, proxy, marked };
};

test.for(Object.entries(crashes))(
  "a batch that %s took with it when it crashed is known not to be written, and written then",
  { timeout: 120_000 },
  async ([, crash]) => {
    const { server, proxy, marked } = await startOnOwnServer();
    proxy.loseNext("on its way");
    const answer = outcomeOf(marked.join(1));
    await expect.poll(() => proxy.lost).toBe(1);
    await crash(server);
    proxy.hangUp();
    expect(await answer).toBe(1);
    expect([await marked.marks(), marked.interruptions()]).toEqual([[0, 1], 0]);
  },
);

test.for(Object.entries(crashes))(
  "a transaction that %s took with it when it crashed is known not to be written",
  { timeout: 120_000 },
  async ([, crash]) => {
    const { server, proxy, marked } = await startOnOwnServer();
    proxy.loseNext("on its way");
    const answer = outcomeOf(write(marked, []));
    await expect.poll(() => proxy.lost).toBe(1);
    await crash(server);
    proxy.hangUp();
    expect(await answer).toBe("unavailable");
    expect([await marked.marks(), marked.interruptions()]).toEqual([[0], 0]);
  },
);

test("whoever asks what became of a commit does not wait behind a probe that gets no answer either", async () => {
  const { marked, proxy } = await start();
  proxy.holdProbes();
  const probe = marked.store.probe().then(() => "probed");
  await expect.poll(() => proxy.held).toBe(1);
  proxy.loseNext("written");
  expect(await Promise.race([marked.join(1), probe])).toBe(1);
  proxy.releaseProbes();
  expect(await probe).toBe("probed");
});

test(
  "a commit whose wait for the standby was cut short is not told before the standby has it",
  { timeout: 60_000 },
  async () => {
    const server = await startPostgres({ isDurable: true });
    onTestFinished(() => server.close());
    const standby = await startStandby(server);
    onTestFinished(() => standby.close());
    const proxy = await startCommitProxy(server.url());
    const { join, marks } = await openMarks(proxy.url, server.url());
    expect(await join(0)).toBe(0);
    await standby.stop("fast");
    proxy.loseNext("unheard");
    let told: unknown = "nothing";
    const answer = outcomeOf(join(1)).then((outcome) => {
      told = outcome;
    });
    // Whoever asks has ended the session that waited, sees its commit, and waits in its place.
    const waiting =
      "select 1 from pg_stat_activity where wait_event = 'SyncRep' and query like 'select number from commits%'";
    await expect.poll(() => runIn(server.url(), waiting), { timeout: 8_000 }).toHaveLength(1);
    expect([told, await marks()]).toEqual(["nothing", [0, 1]]);
    await standby.start();
    await answer;
    expect([told, await marks()]).toEqual([1, [0, 1]]);
  },
);

test("what reaches the server after it was given up and written again is not written", async () => {
  const { marked, proxy } = await start();
  proxy.loseNext("late");
  expect(await marked.join(1)).toBe(1);
  expect(await proxy.deliver()).toContain("taken back");
  expect([await marked.marks(), marked.interruptions()]).toEqual([[0, 1], 0]);
});

describe("a commit that nobody can be asked about", () => {
  const lose = async () => {
    const { marked, proxy } = await start();
    proxy.loseNext("adrift");
    expect(await outcomeOf(marked.join(1))).toBe("interrupted");
    expect(marked.interruptions()).toBe(1);
    return { marked, proxy };
  };

  test("is taken back once somebody can, and whoever keeps things in memory is told again", async () => {
    const { marked, proxy } = await lose();
    proxy.reach();
    await expect.poll(marked.interruptions).toBe(2);
    expect(await proxy.deliver()).toContain("taken back");
    expect([await marked.join(2), await marked.marks()]).toEqual([2, [0, 2]]);
  });

  test("and arrives meanwhile: whoever keeps things in memory is told when that is known", async () => {
    const { marked, proxy } = await lose();
    expect(await proxy.deliver()).toContain("COMMIT");
    proxy.reach();
    await expect.poll(marked.interruptions).toBe(2);
    expect([await marked.join(2), await marked.marks()]).toEqual([2, [0, 1, 2]]);
  });
});
