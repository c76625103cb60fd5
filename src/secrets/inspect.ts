import type { Store } from "../db/store.ts";
import type { Random } from "../lib/random.ts";
import { createKeyring } from "../lib/sealing.ts";
import { checkCanary, readCanary } from "./canary.ts";
import { readKeyFile, type SealingKeys } from "./key-file.ts";
import { SecretsError } from "./secrets-error.ts";

/** How a store's secrets and the keys at hand fit together. */
export type SecretsInspection =
  /** The store holds no secrets yet: the first start has not ended. */
  | { readonly kind: "unused" }
  /** `keys`: how many there are. In a key file, more than one are a rotation that was cut off. */
  | { readonly kind: "opened"; readonly where: "SECRETS_KEY" | "key file"; readonly keys: number }
  | { readonly kind: "refused"; readonly message: string };

export type SecretsInspectionParts = {
  store: Pick<Store, "lookup">;
  random: Pick<Random, "bytes">;
  configuredKeys: SealingKeys | null;
  keyFilePath: string;
};

/** Looks whether the keys open the store's secrets, and makes nothing. @throws {StoreError} */
export const inspectSecrets = async ({
  store,
  random,
  configuredKeys,
  keyFilePath,
}: SecretsInspectionParts): Promise<SecretsInspection> => {
  try {
    const canary = await readCanary(store);
    const keys = configuredKeys ?? (await readKeyFile(keyFilePath));
    if (canary === null) return { kind: "unused" };
    if (keys === null) return { kind: "refused", message: `${keyFilePath} is missing and SECRETS_KEY is not set` };
    checkCanary(canary, createKeyring(keys, random), configuredKeys === null ? keyFilePath : "SECRETS_KEY");
    return { kind: "opened", where: configuredKeys === null ? "key file" : "SECRETS_KEY", keys: keys.length };
  } catch (error) {
    if (error instanceof SecretsError) return { kind: "refused", message: error.message };
    throw error;
  }
};
