/** A slow replay makes a page of what this span may hold, so that its deliveries come evenly. */
const pageSpanMs = 250;

/** How much a page may hold. */
export type PageRoom = {
  /** Events per second. Null: as fast as it goes. */
  readonly ratePerSecond: number | null;
  /** Deliveries that one event makes, at most. */
  readonly routesMax: number;
  /** Deliveries of this replay that have not ended, and its share: how many there may be. */
  readonly outstanding: number;
  readonly outstandingMax: number;
  /** Deliveries that may be made until all replays to the same destinations have as many as they may have together. */
  readonly sharedRoom: number;
  readonly eventsMax: number;
  readonly deliveriesMax: number;
};

/**
 * Events that the next page may take; 0: not now, for there is not even room for half a page. One is let through when
 * nothing is outstanding, however much it makes.
 */
export const pageEvents = (room: PageRoom): number => {
  const { ratePerSecond, outstanding, outstandingMax, sharedRoom, eventsMax, deliveriesMax } = room;
  const routesMax = Math.max(1, room.routesMax);
  const paced = ratePerSecond === null ? eventsMax : Math.floor((ratePerSecond * pageSpanMs) / 1000);
  // Half a share, so that the next page is made while the last one is sent.
  const wantedDeliveries = Math.min(deliveriesMax, outstandingMax / 2);
  const wanted = Math.max(1, Math.min(paced, eventsMax, Math.floor(wantedDeliveries / routesMax)));
  const fitting = Math.floor(Math.min(outstandingMax - outstanding, sharedRoom) / routesMax);
  if (fitting * 2 < wanted) return outstanding === 0 ? 1 : 0;
  return Math.min(fitting, wanted);
};

/** Of what a page was late by, this much is made up for by the next ones. */
const lateMsMax = 1_000;

/** How long the page after one of so many events must wait, so that the rate holds on average: one that is late takes nothing from it. */
export const pageWaitMs = (ratePerSecond: number | null, events: number, lateMs: number): number =>
  ratePerSecond === null ? 0 : Math.max(0, (events * 1000) / ratePerSecond - Math.min(lateMs, lateMsMax));

/**
 * Deliveries that may be outstanding of a replay with a rate where a lane keeps the order: as many as it sends in a second.
 * What arrives stands behind them.
 */
export const orderedMax = (ratePerSecond: number | null): number => ratePerSecond ?? Infinity;

/** The next of a row of growing waits. */
export const longer = (waitMs: number, { first, max }: { readonly first: number; readonly max: number }): number =>
  waitMs === 0 ? first : Math.min(waitMs * 2, max);
