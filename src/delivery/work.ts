import type { Event, Payload } from "../events/event.ts";
import type { Delivery } from "../queue/delivery.ts";

/** An event and its bytes. */
export type StoredEvent = { readonly event: Event; readonly payload: Payload };

/** Told of what was started, while it goes on. */
export type Progress = {
  /** What an event that was read from the store keeps in memory until its attempt is over. */
  held(bytes: number): void;
  /** Its request goes out now: what was read before may have taken its time. */
  sends(): void;
  /** Whether it is still this process that sends. Asked before the first byte: a process may stand still at any moment. */
  maySend(): boolean;
};

/** How a piece of work ended: what an ordered lane must keep and wait with, or null; and whether its attempt failed. */
export type WorkEnd = { readonly kept: Work | null; readonly hasFailed: boolean };

/** A claimed delivery in a lane's hands. */
export type Work = {
  readonly delivery: Delivery;
  /** The event, when it came straight from ingest; else it is read when its turn comes. */
  readonly stored: StoredEvent | null;
  /** Bytes that it keeps in memory. */
  readonly bytes: number;
};
