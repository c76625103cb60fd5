import type { Operation, OperationResult } from "../../src/db/statement.ts";
import type { Store } from "../../src/db/store.ts";
import type { Event, EventScope, Payload } from "../../src/events/event.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createIds, type Ids } from "../../src/lib/ids.ts";
import { createSystemRandom } from "../../src/lib/random.ts";
import { type Delivery, newDelivery } from "../../src/queue/delivery.ts";
import { closedCircuit, type Destination, plainDestination } from "../../src/routing/destination.ts";
import { plainSettings, type Source } from "../../src/routing/source.ts";

/** Ids for tests that need no clock of their own. */
export const ids: Ids = createIds(systemClock, createSystemRandom());

/** A team and environment of its own. */
export const newScope = (): EventScope => ({ teamId: ids.next(), envId: ids.next() });

/** A plain, validly signed event that nothing has become of yet. */
export const newEvent = (over: Partial<Event> = {}): Event => ({
  ...newScope(),
  id: ids.next(),
  sourceId: ids.next(),
  eventType: "order.created",
  status: "received",
  signatureValid: true,
  signatureReason: "ok",
  quarantined: false,
  dedup: null,
  schemaValid: null,
  providerEventId: null,
  method: "POST",
  contentType: "application/json",
  bodyBytes: 2,
  bodyDropped: false,
  receivedAtMs: systemClock.nowMs(),
  ...over,
});

export const newPayload = (over: Partial<Payload> = {}): Payload => ({
  method: "POST",
  query: "",
  senderAddress: "192.0.2.1",
  headers: [["content-type", "application/json"]],
  body: Buffer.from("{}"),
  ...over,
});

/** A pending delivery, due since it was made. */
export const newPending = (over: Partial<Delivery> = {}): Delivery => ({
  ...newDelivery({
    ...newScope(),
    eventId: ids.next(),
    id: ids.next(),
    sourceId: ids.next(),
    connectionId: ids.next(),
    destinationId: ids.next(),
    enabling: 0,
    createdAtMs: 1_800_000_000_000,
    claimed: false,
  }),
  ...over,
});

/** A destination as the Krafter API makes it by default. */
export const newDestination = (over: Partial<Destination> = {}): Destination => ({
  ...newScope(),
  id: ids.next(),
  kind: "webhook",
  dialect: "krafter",
  ownerSourceId: null,
  ...plainDestination,
  ...closedCircuit,
  slug: "receiver",
  authType: "none",
  url: "https://receiver.test/",
  enabled: true,
  disabledReason: null,
  enabling: 0,
  failureCount: 0,
  maxConcurrency: 16,
  rateLimit: null,
  ratePeriod: null,
  ordered: false,
  timeoutMs: 15_000,
  retryScheduleSeconds: null,
  payloadFormat: "raw",
  forwardHeaders: [],
  resign: true,
  createdAtMs: 1_800_000_000_000,
  updatedAtMs: 1_800_000_000_000,
  ...over,
});

/** A source as the Krafter API makes it by default. */
export const newSource = (over: Partial<Source> = {}): Source => ({
  ...newScope(),
  id: ids.next(),
  kind: "webhook",
  dialect: "krafter",
  name: "source",
  ingestSlug: "wh_12345678",
  slug: "source",
  provider: "generic",
  signingSecretSet: true,
  signingAlgorithm: null,
  signingHeader: null,
  eventTypeSource: null,
  eventTypePath: null,
  requireSignature: true,
  ...plainSettings,
  status: "active",
  retentionDays: 30,
  bodyLimitBytes: null,
  rateLimitPerMinute: null,
  createdAtMs: 1_800_000_000_000,
  updatedAtMs: 1_800_000_000_000,
  ...over,
});

/** Writes operations as a group commit does. */
export type Commit = (...operations: readonly Operation[]) => Promise<readonly OperationResult[]>;

export const committer = (store: Pick<Store, "line">): Commit => {
  const join = store.line<readonly Operation[], readonly OperationResult[]>({
    name: "operations",
    itemsMax: 1,
    draft: (items) => ({ operations: items.flat(), committed: (results) => [results], abandoned: () => {} }),
  });
  return (...operations) => join(operations);
};
