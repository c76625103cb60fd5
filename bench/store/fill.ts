/** What to fill a store with: so many events, oldest first, spread over the sources and the time until now. */
export type Fill = {
  readonly events: number;
  readonly sources: readonly FilledSource[];
  readonly spanMs: number;
  /** How long ago the newest was received. Default: now. */
  readonly endedMsAgo?: number;
};

/** A source that was made by the API. `weight`: its share of the events, beside those of the others. */
export type FilledSource = { readonly id: string; readonly weight: number; readonly isBacklog: boolean };
