import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import type { Store } from "../../src/db/store.ts";
import { createSystemRandom } from "../../src/lib/random.ts";
import { createKeyring, newSealingKey } from "../../src/lib/sealing.ts";
import { readKeyFile, type SealingKeys, writeKeyFile } from "../../src/secrets/key-file.ts";
import { openSecrets } from "../../src/secrets/secrets.ts";
import { freshDirectory, idLiteral, reachInto } from "../support/store.ts";
import { reopenStore } from "./reopened-store.ts";
import { sealedSources } from "./sealed-sources.ts";

const random = createSystemRandom();

const start = async (directory: string, { keys = null, around }: Partial<Setup> = {}) => {
  const store = await reopenStore(directory);
  const used = around?.(store) ?? store;
  const keyFilePath = join(directory, "secrets.key");
  const secrets = await openSecrets({ store, random, configuredKeys: keys, keyFilePath });
  const disturbed =
    around === undefined ? secrets : await openSecrets({ store: used, random, configuredKeys: keys, keyFilePath });
  const sources = sealedSources(used, disturbed.keyring);
  return { store, secrets: disturbed, sources, keyFilePath, rotate: () => disturbed.rotate(sources.resealers) };
};

type Setup = { keys: SealingKeys | null; around: (store: Store) => Store };

/** The ids of all keys that something in the database file is sealed with. */
const keyIdsInUse = async (directory: string): Promise<Set<string>> => {
  const { keyIdOf } = createKeyring([newSealingKey(random)], random);
  const rows = await reachInto<{ sealed: unknown }>(
    directory,
    "select signing_secret as sealed from sources union all select previous_secret from sources union all select sealed from canaries",
  );
  return new Set(rows.flatMap(({ sealed }) => (sealed instanceof Uint8Array ? [keyIdOf(sealed)] : [])));
};

test("a rotation seals everything with a new key, drops the old one, and changes no secret", async () => {
  const directory = freshDirectory();
  const { secrets, sources, keyFilePath, rotate, store } = await start(directory);
  const oldKeyId = secrets.keyring.sealingKeyId;
  // More than one batch, and one source that was rotated itself and so has two secrets.
  for (let made = 0; made < 250; made += 1) await sources.add(`whsec_${made}`);
  const twoSecrets = await sources.add("whsec_old");
  await sources.change(twoSecrets, "whsec_new");
  const before = await sources.read();

  const rotation = await rotate();
  expect(rotation).toEqual({
    keyId: secrets.keyring.sealingKeyId,
    secretsResealed: 252,
    unreadable: [],
    older: { fate: "dropped", keyIds: [oldKeyId] },
  });
  expect((await readKeyFile(keyFilePath))?.map(({ id }) => id)).toEqual([rotation.keyId]);
  expect(await keyIdsInUse(directory)).toEqual(new Set([rotation.keyId]));

  await store.close();
  const next = await start(directory);
  expect(await next.sources.read()).toEqual(before);
  expect(before.get(twoSecrets)).toEqual(["whsec_new", "whsec_old"]);
});

test("the running process goes on through a rotation: what it holds opens, what it seals is sealed with the new key", async () => {
  const directory = freshDirectory();
  const { sources, rotate, secrets, store } = await start(directory);
  const made: Promise<string>[] = [];
  for (let count = 0; count < 20; count += 1) made.push(sources.add(`before ${count}`));
  const rotation = rotate();
  for (let count = 0; count < 20; count += 1) {
    made.push(sources.add(`during ${count}`));
    await new Promise(setImmediate);
  }
  await Promise.all(made);
  const { keyId } = await rotation;
  made.push(sources.add("after"));
  await Promise.all(made);
  expect(secrets.keyring.sealingKeyId).toBe(keyId);
  expect(await keyIdsInUse(directory)).toEqual(new Set([keyId]));

  await store.close();
  const opened = [...(await (await start(directory)).sources.read()).values()];
  expect(opened).toHaveLength(41);
  expect(opened).not.toContain(null);
});

/** Writes that a rotation of this size makes: adopt, two passes over two tables, canary. */
const writesOfRotation = 6;

const faults = Array.from({ length: writesOfRotation }, (_, at) => [
  { at, when: "before it" },
  { at, when: "after it" },
]).flat();

test.for(faults)(
  "cut off at write $at, $when: all still opens, and the next run finishes the work",
  async ({ at, when }) => {
    const directory = freshDirectory();
    const whole = await start(directory);
    const id = await whole.sources.add("whsec_1");
    await whole.store.close();

    let writes = -1;
    const around = (store: Store): Store => ({
      ...store,
      write: async (work) => {
        writes += 1;
        if (writes === at && when === "before it") throw new Error("cut off");
        const result = await store.write(work);
        if (writes === at) throw new Error("cut off");
        return result;
      },
    });
    const broken = await start(directory, { around });
    await expect(broken.rotate()).rejects.toThrow("cut off");
    const begun = await readKeyFile(broken.keyFilePath);
    // Another crash, in the middle of writing the key file.
    writeFileSync(`${broken.keyFilePath}.next`, "k", { mode: 0o600 });
    await broken.store.close();

    const after = await start(directory);
    expect(await after.sources.read()).toEqual(new Map([[id, ["whsec_1"]]]));
    const rotation = await after.rotate();
    // It goes on with the key that it had begun with.
    expect(rotation.keyId).toBe(begun?.[0].id);
    expect((await readKeyFile(after.keyFilePath))?.map((key) => key.id)).toEqual([rotation.keyId]);
    expect(await keyIdsInUse(directory)).toEqual(new Set([rotation.keyId]));
    expect(await after.sources.read()).toEqual(new Map([[id, ["whsec_1"]]]));
  },
);

test("a rotation makes exactly the writes that were cut off above", async () => {
  let writes = 0;
  const around = (store: Store): Store => ({
    ...store,
    write: (work) => {
      writes += 1;
      return store.write(work);
    },
  });
  const { sources, rotate } = await start(freshDirectory(), { around });
  await sources.add("whsec_1");
  writes = 0;
  await rotate();
  expect(writes).toBe(writesOfRotation);
});

test("with SECRETS_KEY, everything is sealed with its first key, and the others may go", async () => {
  const directory = freshDirectory();
  const [old, fresh] = [newSealingKey(random), newSealingKey(random)];
  const before = await start(directory, { keys: [old] });
  const id = await before.sources.add("whsec_1");
  await before.store.close();

  const between = await start(directory, { keys: [fresh, old] });
  expect(await between.rotate()).toEqual({
    keyId: fresh.id,
    secretsResealed: 1,
    unreadable: [],
    older: { fate: "removable", keyIds: [old.id] },
  });
  await between.store.close();

  const after = await start(directory, { keys: [fresh] });
  expect(await after.sources.read()).toEqual(new Map([[id, ["whsec_1"]]]));
});

test("what no key opens is told, and then no key is dropped", async () => {
  const directory = freshDirectory();
  const { store, sources, rotate, keyFilePath } = await start(directory);
  await sources.add("whsec_1");
  const damaged = await sources.add("whsec_2");
  await reachInto(directory, `update sources set signing_secret = zeroblob(60) where id = ${idLiteral(damaged)}`);

  const [oldKey] = (await readKeyFile(keyFilePath))!;
  const rotation = await rotate();
  expect(rotation).toMatchObject({
    secretsResealed: 1,
    unreadable: [{ name: "sources", secrets: 1 }],
    older: { fate: "kept", keyIds: [oldKey.id] },
  });
  expect((await readKeyFile(keyFilePath))?.map(({ id }) => id)).toEqual([rotation.keyId, oldKey.id]);

  await sources.change(damaged, "whsec_3");
  expect((await rotate()).older).toEqual({ fate: "dropped", keyIds: [oldKey.id] });
  await store.close();
  expect((await start(directory)).secrets.keyring.sealingKeyId).toBe(rotation.keyId);
});

test("two rotations at once take turns", async () => {
  const { sources, rotate, keyFilePath } = await start(freshDirectory());
  await sources.add("whsec_1");
  const [first, second] = await Promise.all([rotate(), rotate()]);
  expect(second.older).toEqual({ fate: "dropped", keyIds: [first.keyId] });
  expect((await readKeyFile(keyFilePath))?.map(({ id }) => id)).toEqual([second.keyId]);
});

test("without its key file a rotation does nothing", async () => {
  const directory = freshDirectory();
  const { rotate, keyFilePath, secrets } = await start(directory);
  const keys = (await readKeyFile(keyFilePath))!;
  rmSync(keyFilePath);
  await expect(rotate()).rejects.toMatchObject({ code: "key_file" });
  expect(secrets.keyring.sealingKeyId).toBe(keys[0].id);
  await writeKeyFile(keyFilePath, keys);
  expect((await rotate()).older.keyIds).toEqual([keys[0].id]);
});
