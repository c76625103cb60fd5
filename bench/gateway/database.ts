import { runIn, startPostgres } from "../../harness/postgres.ts";

/** What tells a gateway where its store is, beside the options that it has anyway. */
export type StoreEnvironment = Readonly<Record<string, string>>;

/** Where gateways of a run keep their events. */
export type Stores = {
  /** A store of its own for a gateway that is about to start. */
  next(): Promise<StoreEnvironment>;
  close(): Promise<void>;
};

/** Each gateway has its directory. */
export const embeddedStores: Stores = { next: async () => ({}), close: () => Promise.resolve() };

/** One key for all: nothing of it is kept. */
const secretsKey = `bench:${Buffer.alloc(32, 1).toString("base64")}`;

/** A server of the run's own, which puts each commit on disk, and a database in it for each gateway. */
export const startPostgresStores = async (): Promise<Stores> => {
  const server = await startPostgres({ isDurable: true });
  let count = 0;
  return {
    next: async () => {
      count += 1;
      await runIn(server.url(), `create database bench_${count}`);
      return { DATABASE_URL: server.url(`bench_${count}`), SECRETS_KEY: secretsKey };
    },
    close: () => server.close(),
  };
};
