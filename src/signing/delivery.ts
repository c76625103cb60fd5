import type { Headers } from "../lib/headers.ts";
import { headerText } from "./_header-text.ts";
import { krafterSignature } from "./krafter.ts";
import { standardWebhooksSignature } from "./standard-webhooks.ts";

/** One attempt at a delivery. */
export type SignedAttempt = {
  /** The middle of the product's own header names: `x-<prefix>-signature`. Lower case. */
  headerPrefix: string;
  /** The current secret, then those that sign beside it during a rotation; none at all leaves the signatures out. */
  secrets: readonly string[];
  /** The exact bytes that are sent. */
  body: Uint8Array;
  /** The same for every attempt of the event at this connection, so that receivers can drop repeats. */
  deliveryWebhookId: string;
  /** A new UUID for each attempt. */
  attemptId: string;
  /** Unix milliseconds. */
  nowMs: number;
  /** Null is sent as `unknown`. */
  eventType: string | null;
};

/**
 * The headers that tell a receiver what it gets and prove that it comes from here: the product's own, and those of
 * Standard Webhooks beside them. Only the latter carry the signatures of older secrets.
 */
export const signDelivery = (attempt: SignedAttempt): Headers => {
  const { headerPrefix, secrets, body, deliveryWebhookId } = attempt;
  const timestamp = Math.floor(attempt.nowMs / 1000);
  const headers: [string, string][] = [
    [`x-${headerPrefix}-event`, headerText(attempt.eventType ?? "") || "unknown"],
    [`x-${headerPrefix}-webhook-id`, attempt.attemptId],
    ["webhook-id", deliveryWebhookId],
    ["webhook-timestamp", String(timestamp)],
  ];
  const [current] = secrets;
  if (current === undefined) return headers;
  const message = { id: deliveryWebhookId, timestamp, body };
  return [
    ...headers,
    [`x-${headerPrefix}-signature`, krafterSignature(current, body)],
    ["webhook-signature", standardWebhooksSignature(secrets, message)],
  ];
};
