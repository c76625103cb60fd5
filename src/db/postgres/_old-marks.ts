import { sql } from "kysely";

import type { Clock, Timer } from "../../lib/clock.ts";
import type { Store } from "../store.ts";
import { removeOldMarksCommand } from "./_mark.ts";

/** Each connection leaves one row, and a process that runs for months opens many. */
const removeEveryMs = 60 * 60 * 1000;

/** Removes regularly what connections that are long gone left, until it is stopped. `write`: beside what hot commits wait for. */
export const removeOldMarksRegularly = (write: Store["writeBeside"], clock: Pick<Clock, "after">): { stop(): void } => {
  let timer: Timer | null = null;
  let isStopped = false;
  const remove = async (): Promise<void> => {
    // Any other process does the same, and this one an hour later.
    await write((tx) => sql.raw(removeOldMarksCommand.text).execute(tx.tables())).catch(() => null);
    if (!isStopped) removeLater();
  };
  const removeLater = (): void => {
    timer = clock.after(removeEveryMs, () => void remove());
  };
  removeLater();
  return {
    stop: () => {
      isStopped = true;
      timer?.cancel();
    },
  };
};
