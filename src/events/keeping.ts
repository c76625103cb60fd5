/** One day, in milliseconds. */
export const dayMs: number = 24 * 60 * 60 * 1000;

/** How long an event without a valid signature is kept, where its source forwards only what has one. */
export const quarantineDays: number = 7;

/** How much longer an event is kept while a delivery of its has not ended. */
export const graceDays: number = 7;

/** Events received before this moment have been kept for long enough. */
export const keptSinceMs = (days: number, nowMs: number): number => nowMs - days * dayMs;

/** Whether an event is past its retention and the days of grace as well, so that what it still waits for is ended. */
export const isOverdue = (receivedAtMs: number, retentionDays: number, nowMs: number): boolean =>
  receivedAtMs < keptSinceMs(retentionDays + graceDays, nowMs);
