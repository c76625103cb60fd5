import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

import { openSqlite } from "../../src/db/sqlite/engine.ts";
import type { Store } from "../../src/db/store.ts";
import { systemClock } from "../../src/lib/clock.ts";

/** A directory that is gone when the test ends. */
export const freshDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "postern-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
};

/** Opens the store of a directory. It can be closed more than once. */
export const openStore = (directory: string): Store => {
  const { store } = openSqlite({
    directory,
    clock: systemClock,
    observer: { committed() {}, commitFailed() {}, checkpointFailed() {} },
  });
  let closed: Promise<void> | null = null;
  return { ...store, close: () => (closed ??= store.close()) };
};

/** A new store, closed when the test ends. */
export const freshStore = (): Store => {
  const store = openStore(freshDirectory());
  onTestFinished(() => store.close());
  return store;
};
