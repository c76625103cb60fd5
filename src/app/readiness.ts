import type { PlatformParts } from "../api/platform.ts";
import type { DiskFloor } from "../ingest/disk-floor.ts";
import type { Core } from "./core.ts";

type Readiness = PlatformParts["readiness"];

/** Anybody may ask, and each look at the store costs an fsync. */
const probeEveryMs = 1_000;

/** Ready is who can take an event now: its disk has room, and what is written gets there. */
export const createReadiness = (
  { store, clock }: Pick<Core, "store" | "clock">,
  diskFloor: Pick<DiskFloor, "isShort">,
): Readiness => {
  let state: ReturnType<Readiness> | null = null;
  let freshUntilMs = 0;
  const look = async (): ReturnType<Readiness> => {
    try {
      await store.probe();
      return { ready: true };
    } catch {
      return { ready: false, reason: "the store cannot be written" };
    }
  };
  return async () => {
    if (diskFloor.isShort()) return { ready: false, reason: "the disk is almost full" };
    if (state === null || clock.monotonicMs() >= freshUntilMs) {
      // One look at a time: a disk that hangs is not asked again.
      freshUntilMs = Number.POSITIVE_INFINITY;
      state = look().finally(() => {
        freshUntilMs = clock.monotonicMs() + probeEveryMs;
      });
    }
    return state;
  };
};
