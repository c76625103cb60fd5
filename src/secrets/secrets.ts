import type { Store } from "../db/store.ts";
import type { Random } from "../lib/random.ts";
import { createKeyring, type Keyring, newSealingKey } from "../lib/sealing.ts";
import { type Backup, backUp } from "./backup.ts";
import { checkCanary, addCanary, readCanary } from "./canary.ts";
import { readKeyFile, type SealingKeys, writeKeyFile } from "./key-file.ts";
import type { Resealer } from "./reseal.ts";
import { type KeyOrigin, type Rotation, rotate } from "./rotate.ts";
import { SecretsError } from "./secrets-error.ts";

/** The store's secrets at rest. */
export type Secrets = {
  /** Shared by all rooms. It follows rotations. */
  readonly keyring: Keyring;
  /** Seals all secrets with a new key, each table through its room. @throws {StoreError} @throws {SecretsError} */
  rotate(resealers: readonly Resealer[]): Promise<Rotation>;
  /** Copies the store, and the key file beside it. @throws {StoreError} */
  backUp(path: string): Promise<Backup>;
};

export type SecretsParts = {
  store: Pick<Store, "lookup" | "write" | "backup">;
  random: Pick<Random, "bytes">;
  /** From `SECRETS_KEY`; null when that is not set. */
  configuredKeys: SealingKeys | null;
  /** Used, and made at the first start, when no keys are configured. */
  keyFilePath: string;
};

const takeKeys = async (
  { configuredKeys, keyFilePath, random }: SecretsParts,
  isFirstStart: boolean,
): Promise<SealingKeys> => {
  if (configuredKeys !== null) return configuredKeys;
  const kept = await readKeyFile(keyFilePath);
  if (kept !== null) return kept;
  // A new key would open nothing that is sealed, and its file would hide that the real one is missing.
  if (!isFirstStart) {
    throw new SecretsError(
      "key_file",
      `${keyFilePath} is missing and SECRETS_KEY is not set, but this store has secrets; restore the file, or set SECRETS_KEY`,
    );
  }
  const made: SealingKeys = [newSealingKey(random)];
  await writeKeyFile(keyFilePath, made);
  return made;
};

/** One at a time: a copy of the store and the key file must not have a rotation between them. */
const createTurns = (): (<T>(work: () => Promise<T>) => Promise<T>) => {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => null);
    return turn;
  };
};

/**
 * Finds the keys (`SECRETS_KEY`, else the key file, which the first start makes) and sees whether they are the store's.
 * @throws {SecretsError} when they are not, or when the key file cannot be trusted.
 */
export const openSecrets = async (parts: SecretsParts): Promise<Secrets> => {
  const { store, random, configuredKeys, keyFilePath } = parts;
  const known = await readCanary(store);
  const keys = await takeKeys(parts, known === null);
  const keyring = createKeyring(keys, random);
  if (known === null) await store.write((tx) => addCanary(tx, keyring));
  const canary = known ?? (await readCanary(store));
  if (canary !== null) checkCanary(canary, keyring, configuredKeys === null ? keyFilePath : "SECRETS_KEY");

  const origin: KeyOrigin =
    configuredKeys === null ? { kind: "file", path: keyFilePath } : { kind: "configured", keys: configuredKeys };
  const inTurn = createTurns();
  return {
    keyring,
    rotate: (resealers) => inTurn(() => rotate({ store, random, keyring, origin, resealers })),
    backUp: (path) => inTurn(() => backUp({ store, random, origin }, path)),
  };
};
