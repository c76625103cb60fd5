import { join } from "node:path";

import { type Access, openAccess } from "../access/access.ts";
import type { Config } from "../config.ts";
import { openSqlite } from "../db/sqlite/engine.ts";
import { holdLock } from "../db/sqlite/lock.ts";
import type { Migrated } from "../db/sqlite/migrate.ts";
import type { Store } from "../db/store.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { createForwardTime, type ForwardTime } from "../lib/forward-time.ts";
import { createIds, type Ids } from "../lib/ids.ts";
import { createSystemRandom, type Random } from "../lib/random.ts";
import { createLogger } from "../observe/log.ts";
import { createMetrics, type Metrics } from "../observe/metrics.ts";
import { createObserver, type Observer } from "../observe/observe.ts";
import { createOutput } from "../observe/output.ts";
import { type Catalog, loadPresets } from "../providers/catalog.ts";
import { loadRouting, reloadRouting } from "../routing/load.ts";
import { resealDestinations, resealSources } from "../routing/reseal.ts";
import { RoutingTable } from "../routing/table.ts";
import type { Rotation } from "../secrets/rotate.ts";
import { openSecrets, type Secrets } from "../secrets/secrets.ts";
import { newestKnownMs } from "./newest.ts";
import type { Overrides } from "./overrides.ts";

/** The part of the gateway that a command on the shell needs as well: the store, and what gives it meaning. */
export type Core = {
  readonly clock: Clock;
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
  /** Seals every secret of the store with a new key, beside live traffic. */
  rotateSecrets(): Promise<Rotation>;
  close(): Promise<void>;
};

const openStore = (
  config: Config,
  { clock, observer }: Pick<Core, "clock" | "observer">,
  { walBytesMax }: Overrides,
): { store: Store; migrated: Migrated } => {
  const { store, migrated } = openSqlite({
    directory: config.dataDir,
    clock,
    observer: {
      committed: observer.committed,
      commitFailed: observer.commitFailed,
      checkpointFailed: ({ error }) => observer.faulted({ task: "checkpoint", error }),
    },
    ...(walBytesMax === undefined ? {} : { walBytesMax }),
  });
  if (migrated.fromVersion > 0 && migrated.toVersion > migrated.fromVersion) observer.migrated(migrated);
  return { store, migrated };
};

/**
 * Opens the store of `DATA_DIR` and holds its lock until `close`.
 * @throws {StoreError} when another process holds it, or the store is of a newer version.
 * @throws {SecretsError} when the keys are not those of the store.
 */
export const openCore = async (config: Config, overrides: Overrides = {}): Promise<Core> => {
  const clock = overrides.clock ?? systemClock;
  const random = overrides.random ?? createSystemRandom();
  const sink = overrides.logSink ?? createOutput(2, clock);
  const log = createLogger({ level: config.logLevel, format: config.logFormat, clock, sink });
  const metrics = createMetrics({ process: overrides.processMetrics ?? true });
  const observer = createObserver({ log, metrics, clock });
  const lock = holdLock(config.dataDir);
  await using opened = new AsyncDisposableStack();
  opened.defer(() => lock.release());
  const { store, migrated } = openStore(config, { clock, observer }, overrides);
  opened.defer(() => store.close());
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
  await loadRouting(store, table);
  store.onInterrupted(() => {
    reloadRouting(store, table).catch((error: unknown) => observer.faulted({ task: "reload routing", error }));
  });
  const access = openAccess({ store, clock, ids, random, observer });
  const held = opened.move();
  return {
    clock,
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
    rotateSecrets: () => {
      const parts = { store, keyring: secrets.keyring };
      return secrets.rotate([
        { name: "sources", reseal: (after) => resealSources(parts, after) },
        { name: "destinations", reseal: (after) => resealDestinations(parts, after) },
      ]);
    },
    close: () => held.disposeAsync(),
  };
};
