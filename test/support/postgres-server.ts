import type { TestProject } from "vitest/node";

import { databaseUrl, type PostgresServer, runIn, startPostgres } from "../../harness/postgres.ts";
import { openPostgres } from "../../src/db/postgres/engine.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createSystemRandom } from "../../src/lib/random.ts";

declare module "vitest" {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- vitest's own, to be added to
  interface ProvidedContext {
    /** A database of the run's server, and the one that new ones are copies of. */
    postgres: { readonly url: string; readonly template: string };
  }
}

const fill = async (url: string): Promise<void> => {
  const observer = { committed() {}, commitFailed() {}, statementsSent() {}, storeUnsafe() {} };
  const { store } = await openPostgres({
    url,
    migrationPolicy: "auto",
    clock: systemClock,
    random: createSystemRandom(),
    observer,
  });
  await store.close();
};

/**
 * One server for the whole run, or that of `TEST_DATABASE_URL`, whose user must be allowed to make databases. Stores are
 * copies of a database that was migrated once.
 */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const given = process.env["TEST_DATABASE_URL"];
  let server: PostgresServer | null = null;
  if (given === undefined) server = await startPostgres({ isDurable: false, settings: { deadlock_timeout: "50ms" } });
  const url = given ?? server!.url();
  const template = `postern_template_${process.pid}`;
  const ofTemplate = databaseUrl(url, template);
  await runIn(url, `create database ${template}`);
  await fill(ofTemplate);
  // SQLite's, by which tests show ids and damage what is sealed.
  await runIn(
    ofTemplate,
    "create function hex(bytea) returns text language sql immutable as 'select upper(encode($1, ''hex''))'",
    "create function zeroblob(integer) returns bytea language sql immutable as 'select decode(repeat(''00'', $1), ''hex'')'",
    "create function randomblob(integer) returns bytea language sql volatile as 'select uuid_send(gen_random_uuid())'",
  );
  project.provide("postgres", { url, template });
  return async () => {
    if (server === null) await runIn(url, `drop database ${template}`);
    await server?.close();
  };
};
