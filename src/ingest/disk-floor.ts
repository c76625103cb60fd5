import type { Store } from "../db/store.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import type { Observer } from "../observe/observe.ts";

/** How often the free space is looked at. At 100 MB/s a disk loses half a gigabyte in between. */
const lookMs = 5_000;

/** Knows whether there is room for more events. Delivery and retention go on without. */
export type DiskFloor = { isShort(): boolean; stop(): void };

/** Looks at the free space now, and again and again. */
export const watchDiskFloor = async (
  {
    store,
    clock,
    observer,
  }: {
    store: Pick<Store, "freeBytes">;
    clock: Clock;
    observer: Pick<Observer, "storeShortOfDisk" | "storeHasDisk" | "faulted">;
  },
  freeBytesMin: number,
): Promise<DiskFloor> => {
  let isShort = false;
  let isStopped = false;
  let timer: Timer | null = null;
  const look = async (): Promise<void> => {
    try {
      const freeBytes = await store.freeBytes();
      const wasShort = isShort;
      isShort = freeBytes < freeBytesMin;
      if (isShort && !wasShort) observer.storeShortOfDisk({ freeBytes, freeBytesMin });
      if (!isShort && wasShort) observer.storeHasDisk({ freeBytes, freeBytesMin });
    } catch (error) {
      observer.faulted({ task: "look at free disk space", error });
    }
    if (!isStopped) timer = clock.after(lookMs, () => void look());
  };
  await look();
  return {
    isShort: () => isShort,
    stop: () => {
      isStopped = true;
      timer?.cancel();
    },
  };
};
