import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { StoreError } from "../store-error.ts";

const open = (directory: string): DatabaseSync => {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return new DatabaseSync(join(directory, "lock.db"), { timeout: 0 });
  } catch (cause) {
    throw new StoreError("other", `${directory} cannot be used: it must be a directory that this user may write to`, {
      cause,
    });
  }
};

/**
 * Makes this process the only one that writes under `directory`, until it is released or the process ends, however it
 * ends: the lock is the operating system's, on `lock.db`. Makes the directory when there is none.
 * @throws {StoreError} `unavailable` when another process holds it, `other` when the directory cannot be used.
 */
export const holdLock = (directory: string): { release(): void } => {
  const database = open(directory);
  try {
    database.exec("pragma journal_mode = delete; pragma locking_mode = exclusive; begin exclusive");
  } catch (cause) {
    database.close();
    throw new StoreError("unavailable", `another process uses ${directory}; stop it, or choose another DATA_DIR`, {
      cause,
    });
  }
  return { release: () => database.close() };
};
