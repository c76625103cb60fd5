import { join } from "node:path";

import type { Config } from "../config.ts";
import { inspectPostgres } from "../db/postgres/inspect.ts";
import { systemClock } from "../lib/clock.ts";
import { createSystemRandom } from "../lib/random.ts";
import { inspectSecrets, type SecretsInspection } from "../secrets/inspect.ts";

/** What a look finds in the database of `DATABASE_URL`. */
export type DatabaseLook = {
  readonly schemaVersion: number;
  readonly schemaVersionNewest: number;
  /** Settings of the server under which a crash of its machine loses events. */
  readonly unsafeSettings: readonly string[];
  readonly secrets: SecretsInspection;
};

/** Looks at a database beside the gateways that run on it. @throws {StoreError} */
export const inspectDatabase = async (url: string, { secretsKeys, dataDir }: Config): Promise<DatabaseLook> => {
  const { store, close, ...found } = await inspectPostgres(url, systemClock);
  try {
    const secrets: SecretsInspection =
      found.schemaVersion === 0
        ? { kind: "unused" }
        : await inspectSecrets({
            store,
            random: createSystemRandom(),
            configuredKeys: secretsKeys,
            keyFilePath: join(dataDir, "secrets.key"),
          });
    return { ...found, secrets };
  } finally {
    await close();
  }
};
