import type { Clock } from "../lib/clock.ts";

/** Requests that are ended in one turn of the event loop: each closes a connection, and its attempt is recorded. */
const endsMax = 4;

/** Ends a request whose time is over, soon. */
export type Expire = (end: () => void) => void;

/**
 * Ends a few requests in each turn of the event loop. Those that were begun together run out of time together: ending
 * hundreds at once held up everything else for 60 ms.
 */
export const createExpiry = (clock: Pick<Clock, "soon">): Expire => {
  const waiting: (() => void)[] = [];
  const turn = (): void => {
    for (const end of waiting.splice(0, endsMax)) end();
    if (waiting.length > 0) clock.soon(turn);
  };
  return (end) => {
    waiting.push(end);
    if (waiting.length === 1) clock.soon(turn);
  };
};
