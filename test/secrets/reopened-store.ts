import { onTestFinished } from "vitest";

import type { Store } from "../../src/db/store.ts";
import { openStore } from "../support/store.ts";

/** The store of a directory, as a process that starts there opens it. A test may close it; else its end does. */
export const reopenStore = async (directory: string): Promise<Store> => {
  const store = await openStore({ directory });
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => (closed ??= store.close());
  onTestFinished(close);
  return { ...store, close };
};
