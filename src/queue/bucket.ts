import type { Id } from "../lib/ids.ts";

/** Into how many parts all work is divided, for ever: an owner has whole ones. */
export const bucketsCount: number = 64;

/** Which part a destination or a bulk replay belongs to: the last bits of its id, which are random. */
export const bucketOf = (id: Id): number => Number.parseInt(id.slice(-2), 16) % bucketsCount;

/** Housekeeping belongs to whoever owns this: bucket 0. */
export const housekeepingId: Id = "00000000-0000-0000-0000-000000000000";
