import { runIn } from "../../../harness/postgres.ts";
import type { Migrated, Migration } from "../../../src/db/migration.ts";
import { migrate, type MigrationPolicy } from "../../../src/db/postgres/migrate.ts";
import { createSession } from "../../../src/db/postgres/session.ts";
import { parseUrl } from "../../../src/db/postgres/url.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { createSystemRandom } from "../../../src/lib/random.ts";
import { ensureDatabase } from "../../support/postgres.ts";
import { freshDirectory } from "../../support/store.ts";

/** A database without any table. */
export const emptyDatabase = async (): Promise<string> => {
  const url = await ensureDatabase(freshDirectory());
  await runIn(url, "drop schema public cascade", "create schema public");
  return url;
};

/** Brings a database to the last of some migrations, on connections of its own. */
export const migrateAt = async (
  url: string,
  migrations: readonly Migration[],
  policy: MigrationPolicy,
): Promise<Migrated> => {
  const open = () =>
    createSession({
      ...parseUrl(url),
      clock: systemClock,
      random: createSystemRandom(),
      rowsMax: 100,
      answerMsMax: 15_000,
    });
  const [session, patient] = [open(), open()];
  try {
    return await migrate({ session, patient, clock: systemClock }, migrations, policy);
  } finally {
    await Promise.all([session.close(), patient.close()]);
  }
};
