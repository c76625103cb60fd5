import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

import { type PostgresServer, runIn, startPostgres } from "../../harness/postgres.ts";
import { migrations } from "../../src/db/migrations.ts";
import { migrate } from "../../src/db/postgres/migrate.ts";
import { createSession } from "../../src/db/postgres/session.ts";
import { parseUrl } from "../../src/db/postgres/url.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createSystemRandom } from "../../src/lib/random.ts";
import { parseSealingKeys } from "../../src/lib/sealing.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { sealingKeysText } from "../support/sealing-keys.ts";
import { freshDirectory } from "../support/store.ts";
import { openShell, type Shell } from "./shell.ts";

/** As an operator has it: with `fsync`, which the suite's own does without. */
let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({ isDurable: true });
});

afterAll(() => server.close());

let made = 0;

/** A shell of which `DATABASE_URL` leads to a database of its own, empty. */
const databaseShell = async (env: Record<string, string> = {}): Promise<Shell & { readonly url: string }> => {
  made += 1;
  const name = `shell_${made}`;
  await runIn(server.url(), `create database ${name}`);
  onTestFinished(async () => void (await runIn(server.url(), `drop database ${name} with (force)`)));
  const url = server.url(name);
  const given = { DATABASE_URL: url, SECRETS_KEY: sealingKeysText, PUBLIC_URL: "https://hooks.example.com" };
  return { ...openShell({ env: { ...given, ...env } }), url };
};

/** The same, with a schema. */
const usedShell = async (env: Record<string, string> = {}): Promise<Shell & { readonly url: string }> => {
  const shell = await databaseShell(env);
  expect((await shell.postern("migrate")).code).toBe(0);
  return shell;
};

/** A gateway that runs on the database of a shell. */
const serve = ({ env }: Shell, more: Record<string, string> = {}): Promise<TestGateway> => {
  const { DATABASE_URL = "", SECRETS_KEY = "" } = env;
  return startGateway({ environment: { DATABASE_URL, SECRETS_KEY, ...more } });
};

const version = migrations.length;
const newest = { code: 0, out: "", err: `the store has schema version ${version}, the newest\n` };

test("migrate fills a database, and then has nothing to do, beside a running gateway too", async () => {
  const shell = await databaseShell();
  const filled = `the store was brought from schema version 0 to ${version}\n`;
  expect(await shell.postern("migrate")).toEqual({ code: 0, out: "", err: filled });
  expect(await shell.postern("migrate")).toEqual(newest);
  await serve(shell);
  expect(await shell.postern("migrate")).toEqual(newest);
  expect(existsSync(shell.dataDir)).toBe(false);
});

test("migrate brings an older schema up, where other commands refuse it and say so", async () => {
  const shell = await databaseShell();
  const session = createSession({
    ...parseUrl(shell.url),
    clock: systemClock,
    random: createSystemRandom(),
    rowsMax: 100,
    answerMsMax: 10_000,
  });
  onTestFinished(() => session.close());
  await migrate({ session, patient: session, clock: systemClock }, migrations.slice(0, 1), "auto");
  expect(await shell.postern("keys", "list")).toMatchObject({
    code: 1,
    err: expect.stringContaining('run "postern migrate", or start with MIGRATE=auto'),
  });
  expect(await shell.postern("migrate")).toMatchObject({
    code: 0,
    err: `the store was brought from schema version 1 to ${version}\n`,
  });
});

test("keys that are made and revoked in a shell count at once for a gateway that runs", async () => {
  const shell = await databaseShell();
  const gateway = await serve(shell);
  const asks = async (key: string): Promise<number> => {
    const headers = { authorization: `Bearer ${key}` };
    return (await fetch(`${gateway.url}/api/v1/webhooks/sources`, { headers })).status;
  };
  const { code, out } = await shell.postern("keys", "create", "--name", "ci", "--scopes", "webhooks:read");
  expect(code).toBe(0);
  const key = out.trim();
  expect(await asks(key)).toBe(200);
  expect((await shell.postern("keys", "list")).out).toContain(key.slice(0, 12));
  expect((await shell.postern("keys", "revoke", key.slice(0, 12))).code).toBe(0);
  expect(await asks(key)).toBe(401);
  expect((await shell.postern("keys", "list")).out).toMatch(/revoked/);
});

test("secrets rotate seals with the first key, once every node does, and says what is needed no more", async () => {
  const shell = await usedShell();
  const old = parseSealingKeys(sealingKeysText)[0]?.id;
  expect(await shell.postern("secrets", "rotate")).toMatchObject({
    code: 0,
    err: expect.stringContaining("SECRETS_KEY holds one key; for another one, put it in front"),
  });
  const gateway = await serve(shell);
  expect((await gateway.request("POST", "/webhooks/sources", { name: "sealed", signing_secret: "s" })).status).toBe(
    201,
  );
  const fresh = (await openShell().postern("secrets", "new")).out.trim();
  shell.env["SECRETS_KEY"] = `${fresh},${sealingKeysText}`;
  const refused = await shell.postern("secrets", "rotate");
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("do not seal with") });
  await gateway.stop();
  const { code, err } = await shell.postern("secrets", "rotate");
  expect({ code, err }).toEqual({
    code: 0,
    err: expect.stringMatching(
      new RegExp(`^sealed [1-9]\\d* secrets anew.*\nnothing needs ${old} any more: leave it out of SECRETS_KEY`),
    ),
  });
  shell.env["SECRETS_KEY"] = fresh;
  expect(await shell.postern("keys", "list")).toMatchObject({ code: 0 });
  shell.env["SECRETS_KEY"] = sealingKeysText;
  expect(await shell.postern("keys", "list")).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^the keys in SECRETS_KEY do not open the secrets of this store/),
  });
}, 40_000);

test("backup says who makes copies of a database, and writes nothing", async () => {
  const shell = await usedShell();
  const target = freshDirectory();
  expect(await shell.postern("backup", join(target, "b.db"))).toEqual({
    code: 1,
    out: "",
    err: 'a PostgreSQL database is copied with "pg_dump", or as its host does\n',
  });
  expect(readdirSync(target)).toEqual([]);
});

const doctor = async (shell: Shell): Promise<{ code: number | null; lines: string[]; troubles: string[] }> => {
  const { code, out, err } = await shell.postern("doctor");
  expect(err).toBe("");
  const lines = out.trim().split("\n");
  return { code, lines, troubles: lines.filter((line) => !line.startsWith("ok  ")) };
};

test("doctor finds a database well, line by line, whether a gateway has run on it or not", async () => {
  const checked = ["Node", "PUBLIC_URL", "EGRESS_ALLOW", "database", "schema", "secrets"];
  const shell = await databaseShell();
  for (const step of ["before the first start", "after it"]) {
    const { code, lines } = await doctor(shell);
    expect([step, code, lines.map((line) => line.replace(/: .*/, ""))]).toEqual([
      step,
      0,
      checked.map((what) => `ok    ${what}`),
    ]);
    await shell.postern("migrate");
  }
});

type Fault = {
  readonly name: string;
  readonly break: (shell: Shell & { readonly url: string }) => unknown;
  readonly trouble: RegExp;
  readonly code: number;
};

const faults: readonly Fault[] = [
  {
    name: "a server that does not answer",
    break: ({ env }) => (env["DATABASE_URL"] = "postgres://postgres@127.0.0.1:1/none"),
    trouble: /^FAIL {2}database: PostgreSQL: connect ECONNREFUSED 127\.0\.0\.1:1$/,
    code: 1,
  },
  {
    name: "no key",
    break: ({ env }) => delete env["SECRETS_KEY"],
    trouble: /^FAIL {2}options: .*SECRETS_KEY/,
    code: 1,
  },
  {
    name: "another database's key",
    break: ({ env }) => (env["SECRETS_KEY"] = `other:${Buffer.alloc(32).toString("base64")}`),
    trouble: /^FAIL {2}secrets: the keys in SECRETS_KEY do not open the secrets of this store/,
    code: 1,
  },
  {
    name: "a schema that is behind",
    break: ({ url }) => runIn(url, `delete from schema_migrations where version = ${version}`),
    trouble: new RegExp(
      `^warn {2}schema: version ${version - 1}; .migrate. brings it to ${version}, as MIGRATE=auto does$`,
    ),
    code: 0,
  },
  {
    name: "a schema that is one ahead, as while nodes are upgraded",
    break: ({ url }) => runIn(url, `insert into schema_migrations values (${version + 1}, 'next', 0)`),
    trouble: new RegExp(`^warn {2}schema: version ${version + 1} is one ahead of this program; upgrade it$`),
    code: 0,
  },
  {
    name: "a schema that is two ahead",
    break: ({ url }) => runIn(url, `insert into schema_migrations values (${version + 2}, 'far', 0)`),
    trouble: new RegExp(`^FAIL {2}schema: version ${version + 2}, and this program knows ${version}; upgrade it$`),
    code: 1,
  },
];

test.for(faults)("doctor finds $name", async ({ break: breakIt, trouble, code }) => {
  const shell = await usedShell();
  await breakIt(shell);
  const found = await doctor(shell);
  expect(found.troubles).toEqual([expect.stringMatching(trouble)]);
  expect(found.code).toBe(code);
});

test("doctor finds a server that loses what it acknowledged", async () => {
  const shell = await usedShell();
  await runIn(server.url(), "alter system set fsync = off", "select pg_reload_conf()");
  try {
    await expect
      .poll(async () => (await doctor(shell)).troubles)
      .toEqual([expect.stringMatching(/^FAIL {2}durability: .*fsync=off/)]);
  } finally {
    await runIn(server.url(), "alter system reset fsync", "select pg_reload_conf()");
  }
});
