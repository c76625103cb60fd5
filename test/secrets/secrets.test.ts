import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { createSystemRandom } from "../../src/lib/random.ts";
import { newSealingKey } from "../../src/lib/sealing.ts";
import { readKeyFile, type SealingKeys } from "../../src/secrets/key-file.ts";
import { openSecrets, type Secrets } from "../../src/secrets/secrets.ts";
import { freshDirectory } from "../support/store.ts";
import { reopenStore } from "./reopened-store.ts";
import { sealedSources } from "./sealed-sources.ts";

const random = createSystemRandom();

/** Starts as a process would, on a store that may have been used before. */
const start = async (directory: string, configuredKeys: SealingKeys | null = null) => {
  const store = await reopenStore(directory);
  const keyFilePath = join(directory, "secrets.key");
  const secrets: Secrets = await openSecrets({ store, random, configuredKeys, keyFilePath });
  return { store, secrets, keyFilePath };
};

test("a first start makes the key file, and the next one opens what it sealed", async () => {
  const directory = freshDirectory();
  const first = await start(directory);
  expect((await readKeyFile(first.keyFilePath))?.map(({ id }) => id)).toEqual([first.secrets.keyring.sealingKeyId]);
  const id = await sealedSources(first.store, first.secrets.keyring).add("whsec_1");
  await first.store.close();

  const second = await start(directory);
  expect(await sealedSources(second.store, second.secrets.keyring).read()).toEqual(new Map([[id, ["whsec_1"]]]));
});

test("SECRETS_KEY wins, and no key file is made", async () => {
  const directory = freshDirectory();
  const key = newSealingKey(random);
  const { secrets, keyFilePath } = await start(directory, [key]);
  expect(secrets.keyring.sealingKeyId).toBe(key.id);
  expect(existsSync(keyFilePath)).toBe(false);
});

test("a process whose keys are not the store's does not start, and says so in one sentence", async () => {
  const directory = freshDirectory();
  const key = newSealingKey(random);
  await start(directory, [key]);
  const stranger = newSealingKey(random);
  await expect(start(directory, [stranger])).rejects.toMatchObject({
    code: "wrong_keys",
    message: `the keys in SECRETS_KEY do not open the secrets of this store: sealed with key "${key.id}", which is not configured; give the keys that it was last run with`,
  });
  await expect(start(directory, [{ id: key.id, key: stranger.key }])).rejects.toMatchObject({ code: "wrong_keys" });
  await expect(start(directory, [stranger, key])).resolves.toBeDefined();
});

test("a store with secrets and without its key file does not start, and gets no new key file", async () => {
  const directory = freshDirectory();
  const { keyFilePath } = await start(directory);
  rmSync(keyFilePath);
  await expect(start(directory)).rejects.toMatchObject({
    code: "key_file",
    message: /is missing and SECRETS_KEY is not set/,
  });
  expect(existsSync(keyFilePath)).toBe(false);
});

test("a first start that was cut off between key file and canary goes on with that key", async () => {
  const directory = freshDirectory();
  const store = await reopenStore(directory);
  const keyFilePath = join(directory, "secrets.key");
  const full = { ...store, write: () => Promise.reject(new Error("disk full")) };
  const parts = { random, configuredKeys: null, keyFilePath };
  await expect(openSecrets({ ...parts, store: full })).rejects.toThrow("disk full");
  const keys = await readKeyFile(keyFilePath);
  const secrets = await openSecrets({ ...parts, store });
  expect(secrets.keyring.sealingKeyId).toBe(keys?.[0].id);
});
