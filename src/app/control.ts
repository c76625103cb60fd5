import { join, resolve } from "node:path";

import { type ControlSocket, openControlSocket } from "../api/control-socket.ts";
import { type Control, createControl } from "../api/control.ts";
import type { Config } from "../config.ts";
import { socketAddress } from "../lib/socket-path.ts";
import type { LogSink } from "../observe/log.ts";
import { type Core, openCore } from "./core.ts";
import { version } from "./version.ts";

/** The operator's commands, on an open store. */
export type OpenControl = { readonly control: Control; close(): Promise<void> };

/** The operations on an open store. */
export const controlOf = (
  { access, accounts, secrets, migrated, rotateSecrets }: Core,
  { publicUrl }: Pick<Config, "publicUrl">,
): Control =>
  createControl({
    access,
    accounts,
    publicUrl,
    migrated,
    version,
    rotateSecrets,
    backUp: (path) => secrets.backUp(path),
    processId: process.pid,
  });

/**
 * Where a running gateway takes commands: next to its store.
 * @throws {SocketPathError} when `DATA_DIR` is too long for that.
 */
export const controlAddress = ({ dataDir }: Pick<Config, "dataDir">): string =>
  socketAddress(join(resolve(dataDir), "control.sock"), process.cwd());

/**
 * Takes commands from other processes of the same user while the gateway runs. Null with `DATABASE_URL`: a command goes to
 * the database itself, from wherever it is given.
 */
export const serveControl = async (core: Core, config: Config): Promise<ControlSocket | null> => {
  if (config.databaseUrl !== null) return null;
  // What the start did to the schema is not what a later command did.
  const { toVersion } = core.migrated;
  const migrated = { fromVersion: toVersion, toVersion, backupPath: null };
  return openControlSocket(controlAddress(config), controlOf({ ...core, migrated }, config));
};

/** A command answers with what failed: it need not be logged as well. */
const noLog: LogSink = { write: () => null };

/** Opens the store for one command, when no gateway runs. @throws {StoreError} @throws {SecretsError} */
export const openControl = async (config: Config): Promise<OpenControl> => {
  const core = await openCore(config, { logSink: noLog });
  return { control: controlOf(core, config), close: () => core.close() };
};
