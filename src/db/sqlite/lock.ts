import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { StoreError } from "../store-error.ts";

/**
 * Makes this process the only one that writes under `directory`, until it is released or the process ends, however it
 * ends: the lock is the operating system's, on `lock.db`.
 * @throws {StoreError} `unavailable` when another process holds it.
 */
export const holdLock = (directory: string): { release(): void } => {
  const database = new DatabaseSync(join(directory, "lock.db"), { timeout: 0 });
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
