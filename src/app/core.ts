import { join } from "node:path";

import { type Access, openAccess } from "../access/access.ts";
import { type Accounts, openAccounts } from "../accounts/accounts.ts";
import type { Config } from "../config.ts";
import type { Cluster } from "../db/cluster.ts";
import type { Migrated } from "../db/migration.ts";
import { openPostgres } from "../db/postgres/engine.ts";
import { openSqlite } from "../db/sqlite/engine.ts";
import { holdLock } from "../db/sqlite/lock.ts";
import type { Store } from "../db/store.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { type ClockReading, createCorrectedClock } from "../lib/corrected-clock.ts";
import { createForwardTime, type ForwardTime } from "../lib/forward-time.ts";
import { createIds, type Ids } from "../lib/ids.ts";
import { createSystemRandom, type Random } from "../lib/random.ts";
import { createLogger } from "../observe/log.ts";
import { createMetrics, type Metrics } from "../observe/metrics.ts";
import { createObserver, type Observer } from "../observe/observe.ts";
import { createOutput } from "../observe/output.ts";
import { type Catalog, loadPresets } from "../providers/catalog.ts";
import { hasSettings } from "../routing/has-settings.ts";
import { keepRouting } from "../routing/load.ts";
import { resealDestinations, resealSources } from "../routing/reseal.ts";
import { RoutingTable } from "../routing/table.ts";
import type { Rotation } from "../secrets/rotate.ts";
import { openSecrets, type Secrets } from "../secrets/secrets.ts";
import { untilAllSealWith } from "./key-holders.ts";
import { newestKnownMs } from "./newest.ts";
import type { Overrides } from "./overrides.ts";

/** The part of the gateway that a command on the shell needs as well: the store, and what gives it meaning. */
export type Core = {
  /** With a database, its wall time is the database's. */
  readonly clock: Clock;
  /** What the database's clock showed. */
  followDatabase(reading: ClockReading): void;
  /** What deliveries are due by, and ids are made of. */
  readonly dueTime: ForwardTime;
  readonly random: Random;
  readonly ids: Ids;
  readonly metrics: Metrics;
  readonly observer: Observer;
  readonly store: Store;
  /** What opening the store did to its schema. */
  readonly migrated: Migrated;
  /** The latest time that the store told of before this process added to it, Unix milliseconds. 0: none. */
  readonly newestAtOpenMs: number;
  readonly secrets: Secrets;
  readonly catalog: Catalog;
  readonly table: RoutingTable;
  readonly access: Access;
  readonly accounts: Accounts;
  /** Seals every secret of the store with a new key, beside live traffic. */
  rotateSecrets(): Promise<Rotation>;
  close(): Promise<void>;
};

type OpenStore = { readonly store: Store; readonly migrated: Migrated };

const readClock = async ({ query }: Cluster, clock: Clock): Promise<ClockReading> => {
  const sentAtMs = clock.monotonicMs();
  const [row = {}] = await query("select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms");
  return { otherMs: Number(row["now_ms"]), sentAtMs, receivedAtMs: clock.monotonicMs() };
};

/** Opens the embedded store. Whatever is opened, a lock too, is closed by `opened`. */
const openEmbedded = (
  { dataDir }: Config,
  { clock, observer }: Pick<Core, "clock" | "observer">,
  { overrides, opened }: { overrides: Overrides; opened: AsyncDisposableStack },
): OpenStore => {
  const { walBytesMax } = overrides;
  const lock = holdLock(dataDir);
  opened.defer(() => lock.release());
  return openSqlite({
    directory: dataDir,
    clock,
    observer: {
      committed: observer.committed,
      commitFailed: observer.commitFailed,
      checkpointFailed: ({ error }) => observer.faulted({ task: "checkpoint", error }),
    },
    ...(walBytesMax === undefined ? {} : { walBytesMax }),
  });
};

const openStore = async (
  config: Config,
  parts: Pick<Core, "clock" | "observer">,
  within: { overrides: Overrides; opened: AsyncDisposableStack },
): Promise<OpenStore> => {
  const { observer } = parts;
  const { databaseUrl, migrate: migrationPolicy } = config;
  const { store, migrated } =
    databaseUrl === null
      ? openEmbedded(config, parts, within)
      : await openPostgres({
          url: databaseUrl,
          migrationPolicy,
          clock: systemClock,
          random: createSystemRandom(),
          observer,
        });
  within.opened.defer(() => store.close());
  if (migrated.fromVersion > 0 && migrated.toVersion > migrated.fromVersion) observer.migrated(migrated);
  return { store, migrated };
};

/**
 * Opens the database of `DATABASE_URL`, or the store of `DATA_DIR`, whose lock it holds until `close`.
 * @throws {StoreError} when another process holds it, or the store cannot be reached, or is of a newer version.
 * @throws {SecretsError} when the keys are not those of the store.
 */
export const openCore = async (config: Config, overrides: Overrides = {}): Promise<Core> => {
  const clock = createCorrectedClock(overrides.clock ?? systemClock);
  const random = overrides.random ?? createSystemRandom();
  const sink = overrides.logSink ?? createOutput(2, clock);
  const log = createLogger({ level: config.logLevel, format: config.logFormat, clock, sink });
  const metrics = createMetrics({ process: overrides.processMetrics ?? true });
  const observer = createObserver({ log, metrics, clock });
  await using opened = new AsyncDisposableStack();
  const { store, migrated } = await openStore(config, { clock, observer }, { overrides, opened });
  const isCorrected = overrides.clock === undefined || overrides.correctsClock === true;
  if (isCorrected && store.cluster !== null) clock.follow(await readClock(store.cluster, clock));
  const newestAtOpenMs = await newestKnownMs(store);
  const dueTime = createForwardTime(clock, newestAtOpenMs);
  const ids = createIds(dueTime, random, newestAtOpenMs);
  const secrets = await openSecrets({
    store,
    random,
    configuredKeys: config.secretsKeys,
    keyFilePath: join(config.dataDir, "secrets.key"),
  });
  const catalog = await loadPresets();
  const table = new RoutingTable({ keyring: secrets.keyring, catalog, publicUrl: config.publicUrl });
  await keepRouting(store, table);
  store.onInterrupted(() => {
    store.freshen().catch((error: unknown) => observer.faulted({ task: "read again what is in memory", error }));
  });
  const rooms = { store, clock, ids, random, observer };
  const access = await openAccess({ ...rooms, isInUse: hasSettings });
  const accounts = openAccounts({
    ...rooms,
    access,
    keyring: secrets.keyring,
    publicUrl: config.publicUrl,
    isSignUpOpen: config.signUp === "open",
  });
  opened.defer(() => accounts.close());
  const held = opened.move();
  return {
    clock,
    followDatabase: (reading) => {
      if (isCorrected) clock.follow(reading);
    },
    dueTime,
    random,
    ids,
    metrics,
    observer,
    store,
    migrated,
    newestAtOpenMs,
    secrets,
    catalog,
    table,
    access,
    accounts,
    rotateSecrets: async () => {
      const [sealing] = config.secretsKeys ?? [];
      if (store.cluster !== null && sealing !== undefined) {
        await untilAllSealWith({ cluster: store.cluster, clock: systemClock }, sealing.id);
      }
      const parts = { store, keyring: secrets.keyring };
      return secrets.rotate([
        { name: "sources", reseal: (after) => resealSources(parts, after) },
        { name: "destinations", reseal: (after) => resealDestinations(parts, after) },
      ]);
    },
    close: () => held.disposeAsync(),
  };
};
