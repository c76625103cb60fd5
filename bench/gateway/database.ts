import { readFileSync } from "node:fs";
import { join } from "node:path";

import { runIn, startPostgres } from "../../harness/postgres.ts";
import { cpuSecondsOfFamily } from "../process/usage.ts";
import { seedDatabase } from "../store/seed-database.ts";
import { seedStore } from "../store/seed.ts";
import type { StorePlace, Stores } from "./stores.ts";

/** Each gateway has its directory. */
export const embeddedStores: Stores = {
  next: async (directory) => ({ directory, environment: {} }),
  seed: ({ directory }, fill) => seedStore(directory, fill),
  cpuSeconds: () => 0,
  logBytes: async () => 0,
  close: () => Promise.resolve(),
};

/** One key for all: nothing of it is kept. */
const secretsKey = `bench:${Buffer.alloc(32, 1).toString("base64")}`;

const urlOf = ({ environment }: StorePlace): string => environment["DATABASE_URL"] ?? "";

/** A server of the run's own, which puts each commit on disk, and a database in it for each gateway. */
export const startPostgresStores = async (): Promise<Stores> => {
  const server = await startPostgres({ isDurable: true });
  const [firstLine = ""] = readFileSync(join(server.data, "postmaster.pid"), "utf8").split("\n", 1);
  const pid = Number(firstLine);
  let count = 0;
  return {
    next: async (directory) => {
      count += 1;
      await runIn(server.url(), `create database bench_${count}`);
      return { directory, environment: { DATABASE_URL: server.url(`bench_${count}`), SECRETS_KEY: secretsKey } };
    },
    seed: (place, fill) => seedDatabase(urlOf(place), fill),
    cpuSeconds: () => cpuSecondsOfFamily(pid),
    logBytes: async () => {
      const [row] = await runIn(server.url(), "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint as bytes");
      return Number(row?.["bytes"] ?? Number.NaN);
    },
    close: () => server.close(),
  };
};
