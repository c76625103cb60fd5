/** Bulk replays of one source that may run at once. */
export const runningMax: number = 20;

/** Bulk replays of one source that a list shows. */
export const listedMax: number = 100;

/** Events that a plan shows of those it would take. */
export const sampleMax: number = 10;

/** Events that one page of a bulk replay takes, and deliveries that it makes, unless its first event alone makes more. */
export const pageMax: { readonly events: number; readonly deliveries: number } = { events: 100, deliveries: 200 };

/**
 * Deliveries of one bulk replay that have not ended. The next page waits below it, so that the replay's backlog stays in
 * its own rows and not in the lanes, where what arrives would stand behind it: less than half of a lane's window.
 */
export const outstandingMax: number = 400;
