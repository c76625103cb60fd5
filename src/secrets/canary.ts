import type { Store, Tx } from "../db/store.ts";
import { type Keyring, SealError } from "../lib/sealing.ts";
import { SecretsError } from "./secrets-error.ts";

/** The table of this room: something sealed, by which a process sees whether its keys are those of the store. */
type SecretsTables = { canaries: { name: string; sealed: Uint8Array } };

const canaryName = "secrets";
const canaryPlace = "canaries/secrets/sealed";
const canaryText = "these are the keys of this store";

/** The store's canary, or null when it never had any secrets. */
export const readCanary = async (store: Pick<Store, "lookup">): Promise<Uint8Array | null> => {
  const row = await store
    .lookup<SecretsTables>()
    .selectFrom("canaries")
    .select("sealed")
    .where("name", "=", canaryName)
    .executeTakeFirst();
  return row?.sealed ?? null;
};

/** Seals the canary for the first time. Of two that do so at once, one finds the other's there. */
export const addCanary = async (tx: Tx, keyring: Keyring): Promise<void> => {
  await tx
    .tables<SecretsTables>()
    .insertInto("canaries")
    .values({ name: canaryName, sealed: keyring.seal(canaryText, canaryPlace) })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
};

/** Seals the canary anew. */
export const putCanary = async (tx: Tx, keyring: Keyring): Promise<void> => {
  const sealed = keyring.seal(canaryText, canaryPlace);
  await tx
    .tables<SecretsTables>()
    .insertInto("canaries")
    .values({ name: canaryName, sealed })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ sealed }))
    .execute();
};

/**
 * Passes when these keys open the canary. `where` is where they came from.
 * @throws {SecretsError} `wrong_keys`
 */
export const checkCanary = (canary: Uint8Array, keyring: Keyring, where: string): void => {
  try {
    keyring.open(canary, canaryPlace);
  } catch (cause) {
    if (!(cause instanceof SealError)) throw cause;
    throw new SecretsError(
      "wrong_keys",
      `the keys in ${where} do not open the secrets of this store: ${cause.message}; give the keys that it was last run with`,
      { cause },
    );
  }
};
