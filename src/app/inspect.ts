import { join } from "node:path";

import type { Config } from "../config.ts";
import { inspectSqlite, isLocked } from "../db/sqlite/inspect.ts";
import { createSystemRandom } from "../lib/random.ts";
import { inspectSecrets, type SecretsInspection } from "../secrets/inspect.ts";

/** What a look from outside finds in `DATA_DIR`. */
export type Inspection = {
  /** Whether a process holds the directory. */
  readonly isLocked: boolean;
  /** Null: there is no store yet. */
  readonly store: {
    readonly schemaVersion: number;
    readonly schemaVersionNewest: number;
    readonly migratedAtMs: number | null;
    readonly damage: readonly string[];
    readonly secrets: SecretsInspection;
  } | null;
};

/** Looks at a store without opening it for writing, beside a running gateway or not. @throws {StoreError} */
export const inspectStore = async ({ dataDir, secretsKeys }: Config): Promise<Inspection> => {
  const locked = isLocked(dataDir);
  const inspection = inspectSqlite(dataDir);
  if (inspection === null) return { isLocked: locked, store: null };
  try {
    const { schemaVersion, schemaVersionNewest, migratedAtMs } = inspection;
    const secrets: SecretsInspection =
      schemaVersion === 0
        ? { kind: "unused" }
        : await inspectSecrets({
            store: inspection.store,
            random: createSystemRandom(),
            configuredKeys: secretsKeys,
            keyFilePath: join(dataDir, "secrets.key"),
          });
    const damage = inspection.findDamage();
    return { isLocked: locked, store: { schemaVersion, schemaVersionNewest, migratedAtMs, damage, secrets } };
  } finally {
    inspection.close();
  }
};
