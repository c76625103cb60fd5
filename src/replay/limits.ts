/** Bulk replays of one source that may run at once. */
export const runningMax: number = 20;

/** Bulk replays of one source that a list shows. */
export const listedMax: number = 100;

/** Events that a plan shows of those it would take. */
export const sampleMax: number = 10;

/** Events that one page of a bulk replay takes, and deliveries that it makes, unless its first event alone makes more. */
export const pageMax: { readonly events: number; readonly deliveries: number } = { events: 100, deliveries: 200 };

/**
 * Deliveries that have not ended, of all bulk replays that send to the same destinations. The next page waits below it, so
 * that their backlog stays in their own rows and not in the lanes, where what arrives would stand behind it: a lane takes
 * nothing from the store while replays fill more than half of its window (500). What is left between is for those that
 * have nothing outstanding while others have it all: each may send one event.
 */
export const outstandingMax: number = 400;

/** Bulk replays in a row that are cut off while they send what those before them left. */
export const resumedMax: number = 50;

/**
 * Events that one request looks at to tell how many a bulk replay takes: a hundred short reads. Of a source with more, the
 * number is a lower bound until the replay has come further than that.
 */
export const lookedAtMax: number = 500_000;

/** Counts that run at once: they leave the readers to others half of the time. More wait, for some seconds at most. */
export const countsMax: { readonly runningMax: number; readonly waitingMax: number } = {
  runningMax: 2,
  waitingMax: 20,
};
