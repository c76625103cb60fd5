import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

import { expect, test } from "vitest";

import { parseSealingKeys } from "../../src/lib/sealing.ts";
import { freshDirectory } from "../support/store.ts";
import { newestVersion, openShell } from "./shell.ts";

const keyIds = (dataDir: string): string[] =>
  parseSealingKeys(readFileSync(join(dataDir, "secrets.key"), "utf8").trim()).map(({ id }) => id);

test("secrets new prints a key that SECRETS_KEY takes, and stores nothing", async () => {
  const shell = openShell();
  const { code, out, err } = await shell.postern("secrets", "new");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(parseSealingKeys(out.trim())).toHaveLength(1);
  expect(existsSync(shell.dataDir)).toBe(false);
  expect(await openShell({ env: { SECRETS_KEY: out } }).postern("keys", "list")).toMatchObject({ code: 0 });
});

test.for(["with a running gateway", "without one"])(
  "secrets rotate puts a new key in place of the old one, %s",
  async (place) => {
    const shell = openShell();
    await shell.postern("migrate");
    const core = place === "without one" ? null : await shell.startControl();
    const [before] = keyIds(shell.dataDir);
    const { code, err } = await shell.postern("secrets", "rotate");
    expect(code).toBe(0);
    const [after, ...more] = keyIds(shell.dataDir);
    expect(more).toEqual([]);
    expect(after).not.toBe(before);
    expect(err).toBe(
      `sealed 0 secrets anew; all are sealed with ${after}\n` +
        `dropped ${before} from the key file; backups made before need the key file that was copied with them\n`,
    );
    if (core) expect(core.secrets.keyring.sealingKeyId).toBe(after);
  },
);

test("with SECRETS_KEY, secrets rotate says which keys may go, or how to get another one", async () => {
  const newKey = async () => (await openShell().postern("secrets", "new")).out.trim();
  const [old, fresh] = [await newKey(), await newKey()];
  const shell = openShell({ env: { SECRETS_KEY: old } });
  expect((await shell.postern("secrets", "rotate")).err).toContain(
    "SECRETS_KEY holds one key; for another one, put it in front",
  );
  shell.env["SECRETS_KEY"] = `${fresh},${old}`;
  const oldId = old.split(":")[0];
  expect((await shell.postern("secrets", "rotate")).err).toContain(
    `nothing needs ${oldId} any more: leave it out of SECRETS_KEY at the next start`,
  );
  shell.env["SECRETS_KEY"] = fresh;
  expect(await shell.postern("keys", "list")).toMatchObject({ code: 0 });
  shell.env["SECRETS_KEY"] = old;
  expect(await shell.postern("keys", "list")).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^the keys in SECRETS_KEY do not open the secrets of this store/),
  });
});

test.for(["with a running gateway", "without one"])("a backup can be restored and run, %s", async (place) => {
  const shell = openShell();
  if (place === "with a running gateway") await shell.startControl();
  const { out: key } = await shell.postern("keys", "create", "--name", "ci", "--scopes", "*");
  const target = freshDirectory();
  const path = join(target, "b.db");
  const { code, out, err } = await shell.postern("backup", path);
  expect({ code, out }).toEqual({ code: 0, out: `${path}\n${path}.key\n` });
  expect(err).toBe(`copied ${statSync(path).size} bytes\n`);

  const restored = openShell();
  mkdirSync(restored.dataDir, { mode: 0o700 });
  copyFileSync(path, join(restored.dataDir, "postern.db"));
  copyFileSync(`${path}.key`, join(restored.dataDir, "secrets.key"));
  const { access, clock } = await restored.startControl();
  expect((await access.authenticate(`Bearer ${key.trim()}`, clock.nowMs())).kind).toBe("granted");

  expect(await shell.postern("backup", path)).toEqual({
    code: 1,
    out: "",
    err: `${path} exists already, and a backup overwrites nothing\n`,
  });
  expect(readdirSync(target).toSorted()).toEqual(["b.db", "b.db.key"]);
});

test("a backup's path is that of the shell, not of the gateway", async () => {
  const shell = openShell();
  await shell.startControl();
  const path = join(freshDirectory(), "b.db");
  const { out } = await shell.postern("backup", relative(process.cwd(), path));
  expect(out.split("\n")[0]).toBe(path);
});

test("migrate makes the store, and then has nothing to do, beside a running gateway too", async () => {
  const shell = openShell();
  expect(await shell.postern("migrate")).toEqual({
    code: 0,
    out: "",
    err: `the store was brought from schema version 0 to ${newestVersion}\n`,
  });
  const newest = { code: 0, out: "", err: `the store has schema version ${newestVersion}, the newest\n` };
  expect(await shell.postern("migrate")).toEqual(newest);
  await shell.startControl();
  expect(await shell.postern("migrate")).toEqual(newest);
});

test("a DATA_DIR that is a file is named", async () => {
  const path = join(freshDirectory(), "data");
  writeFileSync(path, "");
  const { code, err } = await openShell({ env: { DATA_DIR: path } }).postern("keys", "list");
  expect(code).toBe(1);
  expect(err).toContain(path);
});
