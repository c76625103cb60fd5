import type { Store } from "../db/store.ts";
import type { Random } from "../lib/random.ts";
import { newSealingKey, type RotatableKeyring, type SealingKey } from "../lib/sealing.ts";
import { putCanary } from "./canary.ts";
import { readKeyFile, type SealingKeys, writeKeyFile } from "./key-file.ts";
import { resealAll, type Resealed, type Resealer } from "./reseal.ts";
import { SecretsError } from "./secrets-error.ts";

/** Where the keys of this process came from: the operator, or a file that the gateway made. */
export type KeyOrigin =
  | { readonly kind: "configured"; readonly keys: SealingKeys }
  | { readonly kind: "file"; readonly path: string };

/** What a rotation did. */
export type Rotation = {
  /** The key that every secret is sealed with now. */
  readonly keyId: string;
  readonly secretsResealed: number;
  /** Secrets that no key opens, by table. They have to be set anew. */
  readonly unreadable: Resealed["unreadable"];
  /**
   * The keys that nothing needs any more: `dropped` from the key file, or `removable` from `SECRETS_KEY` by the operator.
   * `kept` when something could not be opened.
   */
  readonly older: { readonly fate: "dropped" | "removable" | "kept"; readonly keyIds: readonly string[] };
};

export type RotationParts = {
  store: Pick<Store, "write">;
  random: Pick<Random, "bytes">;
  keyring: RotatableKeyring;
  origin: KeyOrigin;
  /** One for every table that holds sealed secrets. */
  resealers: readonly Resealer[];
};

const newKeyBeside = (keys: SealingKeys, random: Pick<Random, "bytes">): SealingKey => {
  const key = newSealingKey(random);
  // Of 2^32 ids, one that is taken: the file would be unreadable.
  return keys.some(({ id }) => id === key.id) ? newKeyBeside(keys, random) : key;
};

/**
 * The keys to end with, the new one first and on disk before anything is sealed with it. A file with more than one key is
 * a rotation that was cut off: it is finished, with the key that it had begun with.
 */
const takeKeys = async (origin: KeyOrigin, random: Pick<Random, "bytes">): Promise<SealingKeys> => {
  if (origin.kind === "configured") return origin.keys;
  const keys = await readKeyFile(origin.path);
  if (keys === null) {
    throw new SecretsError("key_file", `${origin.path} is gone; put it back from a backup before anything else`);
  }
  if (keys.length > 1) return keys;
  const rotated: SealingKeys = [newKeyBeside(keys, random), ...keys];
  await writeKeyFile(origin.path, rotated);
  return rotated;
};

/**
 * Seals all secrets with a new key (the first one of `SECRETS_KEY` when that is set), and drops the old ones. Whenever it
 * is cut off, all that is sealed can be opened with the keys that are on disk, and running it again finishes the work.
 * @throws {StoreError} @throws {SecretsError}
 */
export const rotate = async ({ store, random, keyring, origin, resealers }: RotationParts): Promise<Rotation> => {
  const keys = await takeKeys(origin, random);
  const [sealing, ...older] = keys;
  // Inside a transaction: whoever sealed with the old key has committed, whoever comes next seals with the new one.
  await store.write(async () => {
    keyring.adopt(sealing);
  });
  const { secrets, unreadable } = await resealAll(resealers);
  const done = { keyId: sealing.id, secretsResealed: secrets, unreadable };
  const keyIds = older.map(({ id }) => id);
  if (unreadable.length > 0) return { ...done, older: { fate: "kept", keyIds } };

  // Last: while the canary needs an old key, nobody starts without it.
  await store.write((tx) => putCanary(tx, keyring));
  if (origin.kind === "configured") return { ...done, older: { fate: "removable", keyIds } };
  await writeKeyFile(origin.path, [sealing]);
  return { ...done, older: { fate: "dropped", keyIds } };
};
