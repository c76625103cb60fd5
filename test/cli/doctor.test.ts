import { chmodSync, existsSync, fstatSync, openSync, readdirSync, rmSync, writeSync, closeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { expect, onTestFinished, test } from "vitest";

import { checkClock, checkNode } from "../../src/cli/_check-machine.ts";
import { checkEgress, checkPublicUrl } from "../../src/cli/_check-options.ts";
import { holdLock } from "../../src/db/sqlite/lock.ts";
import { newestVersion, openShell, type Shell } from "./shell.ts";

/** A store that a gateway has run on. */
const usedShell = async (env: Record<string, string> = {}): Promise<Shell> => {
  const shell = openShell({ env: { PUBLIC_URL: "https://hooks.example.com", ...env } });
  await shell.postern("migrate");
  return shell;
};

const lines = async (shell: Shell) => {
  const { code, out, err } = await shell.postern("doctor");
  expect(err).toBe("");
  return { code, lines: out.trim().split("\n") };
};

const troubles = ({ lines: all }: { lines: string[] }): string[] => all.filter((line) => !line.startsWith("ok  "));

test("a healthy store is said to be one, line by line", async () => {
  const { code, lines: all } = await lines(await usedShell());
  expect(code).toBe(0);
  expect(all.map((line) => line.replace(/: .*/, ""))).toEqual(
    [
      "Node",
      "PUBLIC_URL",
      "EGRESS_ALLOW",
      "DATA_DIR",
      "disk",
      "gateway",
      "schema",
      "integrity",
      "secrets",
      "clock",
    ].map((what) => `ok    ${what}`),
  );
});

test("before the first start there is nothing wrong, and nothing is made", async () => {
  const shell = openShell();
  expect((await lines(shell)).code).toBe(0);
  expect(existsSync(shell.dataDir)).toBe(false);
});

test("it changes nothing", async () => {
  const shell = await usedShell();
  const before = readdirSync(shell.dataDir).filter((name) => !/-(wal|shm)$/.test(name));
  await lines(shell);
  expect(readdirSync(shell.dataDir).filter((name) => !/-(wal|shm)$/.test(name))).toEqual(before);
});

test("a running gateway is found", async () => {
  const shell = await usedShell();
  await shell.startControl();
  const found = await lines(shell);
  expect(found.code).toBe(0);
  expect(found.lines).toContain(`ok    gateway: version 0.1.0 runs as process ${process.pid}`);
});

test("a process that holds the directory and does not answer is wrong", async () => {
  const shell = await usedShell();
  const lock = holdLock(shell.dataDir);
  onTestFinished(() => lock.release());
  const found = await lines(shell);
  expect(found.code).toBe(1);
  expect(troubles(found)).toEqual([
    `FAIL  gateway: a process holds DATA_DIR and does not answer on ${join(shell.dataDir, "control.sock")}; look at its log, or end it`,
  ]);
});

const faults: { name: string; break: (shell: Shell) => void; trouble: RegExp; code: number }[] = [
  {
    name: "a key file that others can read",
    break: ({ dataDir }) => chmodSync(join(dataDir, "secrets.key"), 0o644),
    trouble: /^FAIL {2}secrets: .*secrets\.key can be used by others than its owner; run: chmod 600 /,
    code: 1,
  },
  {
    name: "a key file that is gone",
    break: ({ dataDir }) => rmSync(join(dataDir, "secrets.key")),
    trouble: /^FAIL {2}secrets: .*secrets\.key is missing and SECRETS_KEY is not set$/,
    code: 1,
  },
  {
    name: "keys of another store",
    break: ({ env }) => (env["SECRETS_KEY"] = `other:${Buffer.alloc(32).toString("base64")}`),
    trouble: /^FAIL {2}secrets: the keys in SECRETS_KEY do not open the secrets of this store/,
    code: 1,
  },
  {
    name: "a directory that others can look into",
    break: ({ dataDir }) => chmodSync(dataDir, 0o755),
    trouble: /^warn {2}DATA_DIR: others can look into .*; run: chmod 700 /,
    code: 0,
  },
  {
    name: "too little disk space",
    break: ({ env }) => (env["DISK_FREE_MIN_BYTES"] = String(1024 ** 4)),
    trouble: /^FAIL {2}disk: \d+ MiB free, and DISK_FREE_MIN_BYTES is 1048576 MiB: events are refused; make room$/,
    code: 1,
  },
  {
    name: "a store of a later version",
    break: ({ dataDir }) => {
      const database = new DatabaseSync(join(dataDir, "postern.db"));
      database.exec("insert into schema_migrations values (999, 'later', 0)");
      database.close();
    },
    trouble: new RegExp(
      `^FAIL {2}schema: version 999 is newer than ${newestVersion}, which this program knows; upgrade it$`,
    ),
    code: 1,
  },
  {
    name: "a clock that was set back",
    break: ({ dataDir }) => {
      const database = new DatabaseSync(join(dataDir, "postern.db"));
      database.exec("update schema_migrations set applied_at_ms = 4000000000000");
      database.close();
    },
    trouble: /^FAIL {2}clock: .* is before 2096-10-02T07:06:40\.000Z, when the store was made; set the clock$/,
    code: 1,
  },
  {
    name: "options that cannot be read",
    break: ({ env }) => (env["PORT"] = "http"),
    trouble: /^FAIL {2}options: PORT must be a whole number from 0 to 65535$/,
    code: 1,
  },
];

test.for(faults)("$name is found", async ({ break: breakIt, trouble, code }) => {
  const shell = await usedShell();
  breakIt(shell);
  const found = await lines(shell);
  expect(troubles(found)).toEqual([expect.stringMatching(trouble)]);
  expect(found.code).toBe(code);
});

test("a rotation that was cut off is found", async () => {
  const shell = await usedShell();
  const keys = openSync(join(shell.dataDir, "secrets.key"), "r+");
  // In place of the line break.
  writeSync(keys, `,old:${Buffer.alloc(32).toString("base64")}\n`, fstatSync(keys).size - 1);
  closeSync(keys);
  expect(troubles(await lines(shell))).toEqual(["warn  secrets: a rotation was cut off; `secrets rotate` finishes it"]);
});

test("a damaged store is found", async () => {
  const shell = await usedShell();
  const file = openSync(join(shell.dataDir, "postern.db"), "r+");
  // The page after the first one: the root of a table or an index.
  writeSync(file, Buffer.alloc(8192, 0x5a), 0, 8192, 8192);
  closeSync(file);
  const found = await lines(shell);
  expect(found.code).toBe(1);
  expect(troubles(found).join("\n")).toMatch(/FAIL {2}(integrity|store): /);
});

test("a file that is no database is found", async () => {
  const shell = await usedShell();
  const file = openSync(join(shell.dataDir, "postern.db"), "w");
  writeSync(file, "this is no database, and long enough to be looked at ".repeat(50));
  closeSync(file);
  const found = await lines(shell);
  expect(found.code).toBe(1);
  expect(troubles(found)).toEqual([expect.stringMatching(/^FAIL {2}store: .*postern\.db cannot be read: /)]);
});

test.for([
  ["https://hooks.example.com", "ok"],
  ["http://hooks.example.com", "warn"],
  ["http://localhost:8080", "warn"],
  ["https://127.0.0.1", "warn"],
  ["http://[::1]:8080", "warn"],
] as const)("a PUBLIC_URL of %s is %s", ([publicUrl, level]) => {
  expect(checkPublicUrl({ publicUrl }).level).toBe(level);
});

test.for([
  [[], "ok"],
  [["10.0.0.0/8", "192.168.1.7", "fc00::/7", "app.lan", "*.internal", "*.svc.example.com"], "ok"],
  [["0.0.0.0/0"], "warn"],
  [["::/0"], "warn"],
  [["10.0.0.0/8", "128.0.0.0/1"], "warn"],
  [["*.com"], "warn"],
] as const)("an EGRESS_ALLOW of %j is %s", ([egressAllow, level]) => {
  expect(checkEgress({ egressAllow }).level).toBe(level);
});

test.for([
  ["26.10.0", "ok"],
  ["24.12.0", "ok"],
  ["24.11.9", "fail"],
  ["22.20.0", "fail"],
] as const)("Node %s is %s", ([version, level]) => {
  expect(checkNode(version).level).toBe(level);
});

test("a clock of long ago is wrong without a store, too", () => {
  expect(checkClock(0, null)).toMatchObject({ level: "fail" });
  expect(checkClock(Date.UTC(2026, 5), null)).toMatchObject({ level: "ok" });
  expect(checkClock(Date.UTC(2026, 5), Date.UTC(2026, 5) + 60_000)).toMatchObject({ level: "ok" });
});
