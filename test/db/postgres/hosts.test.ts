import { expect, onTestFinished, test } from "vitest";

import { freePort } from "../../../harness/free-port.ts";
import { runIn, startPostgres, startStandby } from "../../../harness/postgres.ts";
import { inspectPostgres } from "../../../src/db/postgres/inspect.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { select } from "../../support/store.ts";
import { openMarks, outcomeOf } from "./_marks.ts";

const startServers = async () => {
  const primary = await startPostgres({ isDurable: true });
  onTestFinished(() => primary.close());
  const standby = await startStandby(primary);
  onTestFinished(() => standby.close());
  const nobody = await freePort();
  const urlOf = (...ports: readonly number[]): string =>
    `postgres://postgres@${ports.map((port) => `127.0.0.1:${port}`).join(",")}/postgres`;
  return { primary, standby, nobody, urlOf };
};

test(
  "of several hosts the one that takes writes is used, whoever refuses before it, also after a fail-over",
  { timeout: 60_000 },
  async () => {
    const { primary, standby, nobody, urlOf } = await startServers();
    const url = `${urlOf(nobody, standby.port, primary.port)}?target_session_attrs=read-write`;
    const { store, join, marks } = await openMarks(url, primary.url());
    const port = async () => (await select<{ port: string }>(store, "select current_setting('port') as port"))[0]!.port;
    const heard = Promise.withResolvers<string>();
    const listening = store.cluster!.listen(["calls"], (_, payload) => heard.resolve(payload));
    onTestFinished(() => listening.close());
    expect([await join(0), await port()]).toEqual([0, String(primary.port)]);
    await expect
      .poll(() => runIn(primary.url(), "select 1 from pg_stat_activity where query = 'listen calls'"))
      .toHaveLength(1);
    await store.cluster!.notify("calls", "from one");
    expect(await heard.promise).toBe("from one");
    await primary.stop("immediate");
    await runIn(standby.url(), "select pg_promote()");
    await expect.poll(() => outcomeOf(join(1))).toBe(1);
    expect(await port()).toBe(String(standby.port));
    expect(await marks().catch(() => "gone")).toBe("gone");
    expect(await runIn(standby.url(), "select mark from marks where mark = 0")).toEqual([{ mark: 0 }]);
  },
);

test("when no host can be used each is named with what is wrong with it", { timeout: 60_000 }, async () => {
  const { standby, nobody, urlOf } = await startServers();
  await expect(inspectPostgres(urlOf(nobody, standby.port), systemClock)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(
      new RegExp(
        `^PostgreSQL: no host can be used; 127.0.0.1:${nobody}: .*ECONNREFUSED.*; 127.0.0.1:${standby.port}: .*standby`,
      ),
    ),
  });
});

test("who asks for any server may look at a standby", { timeout: 60_000 }, async () => {
  const { standby, nobody, urlOf } = await startServers();
  const url = `${urlOf(nobody, standby.port)}?target_session_attrs=any`;
  const { schemaVersion, close } = await inspectPostgres(url, systemClock);
  onTestFinished(close);
  expect(schemaVersion).toBe(0);
});
