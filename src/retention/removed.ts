/** What was removed for good, in rows. An event's bytes go with it and are not counted. */
export type Removed = {
  readonly events: number;
  readonly deliveries: number;
  readonly attempts: number;
  readonly replays: number;
  readonly connections: number;
  readonly destinations: number;
  readonly sources: number;
  /** Secrets that had been replaced and stopped counting. */
  readonly secrets: number;
  /** What sources knew repeats by. */
  readonly dedupKeys: number;
};

/** Counts what one run removes. */
export type Tally = {
  add(removed: Partial<Removed>): void;
  total(): Removed;
};

export const createTally = (): Tally => {
  const counts = {
    events: 0,
    deliveries: 0,
    attempts: 0,
    replays: 0,
    connections: 0,
    destinations: 0,
    sources: 0,
    secrets: 0,
    dedupKeys: 0,
  };
  return {
    add({ events = 0, deliveries = 0, attempts = 0, replays = 0, ...rest }) {
      counts.events += events;
      counts.deliveries += deliveries;
      counts.attempts += attempts;
      counts.replays += replays;
      counts.connections += rest.connections ?? 0;
      counts.destinations += rest.destinations ?? 0;
      counts.sources += rest.sources ?? 0;
      counts.secrets += rest.secrets ?? 0;
      counts.dedupKeys += rest.dedupKeys ?? 0;
    },
    total: () => ({ ...counts }),
  };
};
