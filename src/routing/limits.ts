/** Sources of one environment: as many as one read of the store brings back, for lists are not paged. */
export const sourcesMax: number = 10_000;

/** Destinations of one source: an event and all of its deliveries are one transaction. */
export const destinationsMax: number = 1_000;

/** Destinations of one environment, whatever leads to them. */
export const environmentDestinationsMax: number = 10_000;

/** What a team may have. */
export type DestinationLimits = {
  /** Destinations in all of its environments. Null: no limit of its own. */
  readonly teamDestinationsMax: number | null;
};
