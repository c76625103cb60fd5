import { Gauge, type Registry } from "prom-client";

/** What a lane (one per destination) is doing. */
export type LaneState = "idle" | "busy" | "backlogged" | "held" | "disabled";

/**
 * Where the gauges read, when somebody scrapes. Synchronous, from memory: a scrape never reads a hot table. `null` means
 * unknown, and shows nothing rather than a 0 that is not true.
 */
export type GaugeSources = {
  /** Deliveries that are neither ended nor claimed. */
  queueDepth: () => number | null;
  /** How long the oldest due delivery has been due, in milliseconds. 0 when none is due. */
  oldestDueAgeMs: () => number | null;
  /** How many lanes are in each state. */
  lanes: () => Readonly<Record<LaneState, number>> | null;
  /** Bytes of bodies that are being read or wait for their commit. */
  bodiesInMemoryBytes: () => number | null;
  /** Bytes of the write-ahead log (SQLite). */
  walBytes: () => number | null;
};

/** A source that throws is unknown: one broken reading must not take the whole page away. */
const read = <Value>(source: (() => Value | null) | undefined): Value | null => {
  try {
    return source?.() ?? null;
  } catch {
    return null;
  }
};

/** Registers the gauges. Each shows a value once its source is there. */
export const registerGauges = (registry: Registry, sources: Partial<GaugeSources>): void => {
  const single = (name: string, help: string, value: () => number | null): void => {
    const gauge = new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const now = value();
        if (now === null) gauge.remove();
        else gauge.set(now);
      },
    });
  };
  single("postern_queue_deliveries", "Deliveries that wait for an attempt.", () => read(sources.queueDepth));
  single(
    "postern_queue_oldest_due_age_seconds",
    "How long the oldest due delivery has been due; 0 when none is. Grows when delivery falls behind.",
    () => {
      const ageMs = read(sources.oldestDueAgeMs);
      return ageMs === null ? null : ageMs / 1_000;
    },
  );
  single(
    "postern_ingest_bodies_in_memory_bytes",
    "Bytes of request bodies that are being read or wait for their commit.",
    () => read(sources.bodiesInMemoryBytes),
  );
  single("postern_store_wal_bytes", "Size of the write-ahead log of the embedded store.", () => read(sources.walBytes));
  const lanes = new Gauge({
    name: "postern_lanes",
    help: "Delivery lanes, one per destination, by state: idle, busy, backlogged, held, disabled.",
    labelNames: ["state"],
    registers: [registry],
    collect() {
      lanes.reset();
      for (const [state, count] of Object.entries(read(sources.lanes) ?? {})) lanes.set({ state }, count);
    },
  });
};
