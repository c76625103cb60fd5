import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { createSystemRandom } from "../../src/lib/random.ts";
import { newSealingKey } from "../../src/lib/sealing.ts";
import type { SealingKeys } from "../../src/secrets/key-file.ts";
import { openSecrets } from "../../src/secrets/secrets.ts";
import { freshDirectory } from "../support/store.ts";
import { reopenStore } from "./reopened-store.ts";
import { sealedSources } from "./sealed-sources.ts";

const random = createSystemRandom();

const start = async (directory: string, configuredKeys: SealingKeys | null = null) => {
  const store = await reopenStore(directory);
  const secrets = await openSecrets({ store, random, configuredKeys, keyFilePath: join(directory, "secrets.key") });
  return { store, secrets, sources: sealedSources(store, secrets.keyring) };
};

test("a backup is the store and its key file, each its owner's alone, and starts elsewhere", async () => {
  const { secrets, sources } = await start(freshDirectory());
  const id = await sources.add("whsec_1");
  const target = freshDirectory();
  const path = join(target, "monday.db");
  const backup = await secrets.backUp(path);
  expect(backup).toEqual({ kind: "written", path, bytes: statSync(path).size, keyPath: `${path}.key` });
  expect(readdirSync(target).toSorted()).toEqual(["monday.db", "monday.db.key"]);
  expect(readdirSync(target).map((name) => statSync(join(target, name)).mode & 0o777)).toEqual([0o600, 0o600]);

  // What happens afterwards is not in it, not even a rotation.
  await sources.add("whsec_2");
  await secrets.rotate(sources.resealers);

  const restored = freshDirectory();
  mkdirSync(restored, { recursive: true });
  copyFileSync(path, join(restored, "postern.db"));
  copyFileSync(`${path}.key`, join(restored, "secrets.key"));
  const next = await start(restored);
  expect(await next.sources.read()).toEqual(new Map([[id, ["whsec_1"]]]));
});

test("a rotation beside a backup never comes between the store and its key file", async () => {
  const { secrets, sources } = await start(freshDirectory());
  await sources.add("whsec_1");
  const path = join(freshDirectory(), "b");
  const restored = freshDirectory();
  await Promise.all([secrets.rotate(sources.resealers), secrets.backUp(path), secrets.rotate(sources.resealers)]);
  copyFileSync(path, join(restored, "postern.db"));
  copyFileSync(`${path}.key`, join(restored, "secrets.key"));
  const next = await start(restored);
  expect([...(await next.sources.read()).values()]).toEqual([["whsec_1"]]);
});

test("keys from SECRETS_KEY are not written anywhere", async () => {
  const key = newSealingKey(random);
  const { secrets } = await start(freshDirectory(), [key]);
  const target = freshDirectory();
  const path = join(target, "b");
  expect(await secrets.backUp(path)).toMatchObject({ kind: "written", keyPath: null });
  expect(readdirSync(target)).toEqual(["b"]);
  expect(readFileSync(path).includes(key.key.toString("base64"))).toBe(false);
});

test.for(["b", "b.key"])("a backup overwrites nothing: %s is there already", async (name) => {
  const { secrets } = await start(freshDirectory());
  const target = freshDirectory();
  writeFileSync(join(target, name), "precious");
  expect(await secrets.backUp(join(target, "b"))).toEqual({
    kind: "refused",
    message: `${join(target, name)} exists already, and a backup overwrites nothing`,
  });
  expect(readdirSync(target)).toEqual([name]);
  expect(readFileSync(join(target, name), "utf8")).toBe("precious");
});

test("a directory that does not exist is named", async () => {
  const { secrets } = await start(freshDirectory());
  const path = join(freshDirectory(), "missing", "b");
  expect(await secrets.backUp(path)).toMatchObject({
    kind: "refused",
    message: expect.stringContaining("is in a directory that does not exist"),
  });
});

test("a backup that fails leaves nothing behind", async () => {
  const directory = freshDirectory();
  const { store } = await start(directory);
  const failing = {
    ...store,
    backup: (path: string) => {
      writeFileSync(path, "half");
      return Promise.reject(new Error("disk full"));
    },
  };
  const secrets = await openSecrets({
    store: failing,
    random,
    configuredKeys: null,
    keyFilePath: join(directory, "secrets.key"),
  });
  const target = freshDirectory();
  await expect(secrets.backUp(join(target, "b"))).rejects.toThrow("disk full");
  expect(existsSync(join(target, "b"))).toBe(false);
  expect(readdirSync(target)).toEqual([]);
});
