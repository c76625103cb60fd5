import { expect, test } from "vitest";

import { createLogger, type LogLevel } from "../../src/observe/log.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { createObserver, type Observer } from "../../src/observe/observe.ts";
import { captureLog } from "../support/captured-log.ts";

const setUp = (level: LogLevel = "debug") => {
  const time = { ms: 0 };
  const clock = { nowMs: () => time.ms, monotonicMs: () => time.ms };
  const sink = captureLog();
  const metrics = createMetrics();
  const observer = createObserver({ log: createLogger({ level, format: "json", clock, sink }), metrics, clock });
  return {
    observer,
    sink,
    time,
    /** The samples of the page, without those of histogram buckets. */
    samples: async () =>
      (await metrics.text()).split("\n").filter((line) => line.startsWith("postern_") && !line.includes("_bucket{")),
  };
};

const replay = {
  replayId: "p-1",
  sourceId: "s-1",
  queued: 9,
  skipped: 1,
  succeeded: 8,
  failed: 1,
  cancelled: 0,
} as const;

const attempt = {
  outcome: "failed",
  code: "timeout",
  status: null,
  durationMs: 15_000,
  attempt: 3,
  sourceId: "s-1",
  destinationId: "d-1",
  deliveryId: "l-1",
  eventId: "e-1",
  host: "example.test:443",
} as const;

const things: {
  thing: string;
  happen: (observer: Observer) => void;
  level: string | null;
  line?: Record<string, unknown>;
  sample?: string;
}[] = [
  {
    thing: "an event that was stored",
    happen: (observer) => observer.ingested({ outcome: "stored", provider: "stripe", durationMs: 4 }),
    level: "debug",
    line: { message: "event received", provider: "stripe", outcome: "stored" },
    sample: 'postern_ingest_events_total{outcome="stored",provider="stripe"} 1',
  },
  {
    thing: "how long an ingest took",
    happen: (observer) => observer.ingested({ outcome: "dropped", provider: "none", durationMs: 4 }),
    level: "debug",
    sample: 'postern_ingest_duration_seconds_sum{outcome="dropped"} 0.004',
  },
  {
    thing: "a body that is too large",
    happen: (observer) => observer.ingestRefused({ reason: "too_large", sourceId: "s-1", bodyBytes: 300_000 }),
    level: "info",
    line: { message: "ingest refused", reason: "too_large", sourceId: "s-1", bodyBytes: 300_000 },
    sample: 'postern_ingest_refused_total{reason="too_large"} 1',
  },
  {
    thing: "refused requests that are in no list",
    happen: (observer) => observer.refusalsForgotten({ count: 3 }),
    level: null,
    sample: "postern_ingest_refusals_forgotten_total 3",
  },
  {
    thing: "a source whose secret does not open",
    happen: (observer) => observer.ingestRefused({ reason: "unreadable_secret", sourceId: "s-1" }),
    level: "warn",
    line: { reason: "unreadable_secret" },
  },
  {
    thing: "a commit",
    happen: (observer) => observer.committed({ items: 50, durationMs: 2 }),
    level: null,
    sample: "postern_store_commit_items_sum 50",
  },
  {
    thing: "a commit that failed",
    happen: (observer) => observer.commitFailed({ items: 2, error: new Error("disk I/O error") }),
    level: "error",
    line: { message: "commit failed", items: 2, error: "Error: disk I/O error" },
    sample: "postern_store_commit_failures_total 1",
  },
  {
    thing: "a store that was migrated",
    happen: (observer) => observer.migrated({ fromVersion: 1, toVersion: 2, backupPath: "data/postern.1.db" }),
    level: "info",
    line: { fromVersion: 1, toVersion: 2, backupPath: "data/postern.1.db" },
  },
  {
    thing: "an attempt that failed",
    happen: (observer) => observer.attempted(attempt),
    level: "info",
    line: { message: "delivery attempt failed", ...attempt },
    sample: 'postern_delivery_attempts_total{outcome="failed",code="timeout",status="none"} 1',
  },
  {
    thing: "an attempt that succeeded",
    happen: (observer) => observer.attempted({ ...attempt, outcome: "success", code: null, status: 204 }),
    level: "debug",
    line: { message: "delivery attempt succeeded", status: 204 },
    sample: 'postern_delivery_attempts_total{outcome="success",code="none",status="2xx"} 1',
  },
  {
    thing: "a delivery that could not be tried for want of our own means",
    happen: (observer) => observer.postponed({ reason: "EMFILE", deliveryId: "l-1", destinationId: "d-1" }),
    level: "warn",
    line: { reason: "EMFILE", deliveryId: "l-1", destinationId: "d-1" },
    sample: "postern_deliveries_postponed_total 1",
  },
  {
    thing: "a delivery that succeeded",
    happen: (observer) => observer.deliveryEnded({ status: "success", reason: null, deliveryId: "l-1" }),
    level: "debug",
    sample: 'postern_deliveries_ended_total{status="success",reason="none"} 1',
  },
  {
    thing: "a delivery that failed for good",
    happen: (observer) => observer.deliveryEnded({ status: "failed", reason: "attempts_used", deliveryId: "l-1" }),
    level: "warn",
    line: { reason: "attempts_used", deliveryId: "l-1" },
  },
  {
    thing: "many deliveries that were cancelled at once",
    happen: (observer) =>
      observer.deliveryEnded({ status: "cancelled", reason: "destination_deleted", deliveries: 700 }),
    level: "info",
    line: { deliveries: 700 },
    sample: 'postern_deliveries_ended_total{status="cancelled",reason="destination_deleted"} 700',
  },
  {
    thing: "a destination that was disabled",
    happen: (observer) => observer.destinationDisabled({ reason: "gone", destinationId: "d-1", host: "example.test" }),
    level: "warn",
    line: { destinationId: "d-1", reason: "gone" },
    sample: 'postern_destinations_disabled_total{reason="gone"} 1',
  },
  {
    thing: "a circuit that opened",
    happen: (observer) => observer.circuitChanged({ to: "open", destinationId: "d-1" }),
    level: "warn",
    line: { destinationId: "d-1", to: "open" },
    sample: 'postern_destination_circuit_changes_total{to="open"} 1',
  },
  {
    thing: "a circuit that closed",
    happen: (observer) => observer.circuitChanged({ to: "closed", destinationId: "d-1" }),
    level: "info",
    line: { destinationId: "d-1", to: "closed" },
    sample: 'postern_destination_circuit_changes_total{to="closed"} 1',
  },
  {
    thing: "a bulk replay that ended",
    happen: (observer) => observer.replayEnded({ ...replay, status: "completed" }),
    level: "info",
    line: { message: "bulk replay ended", replayId: "p-1", queued: 9, skipped: 1, cancelled: 0 },
    sample: 'postern_replays_ended_total{status="completed"} 1',
  },
  {
    thing: "a bulk replay that was given up",
    happen: (observer) => observer.replayEnded({ ...replay, status: "failed" }),
    level: "warn",
    sample: 'postern_replays_ended_total{status="failed"} 1',
  },
  {
    thing: "retention that removed rows",
    happen: (observer) => observer.retentionRan({ removed: { events: 10, attempts: 0 }, durationMs: 5 }),
    level: "info",
    line: { message: "retention ran", events: 10, attempts: 0 },
    sample: 'postern_retention_removed_rows_total{kind="events"} 10',
  },
  {
    thing: "retention that found nothing",
    happen: (observer) => observer.retentionRan({ removed: { events: 0 }, durationMs: 5 }),
    level: "debug",
  },
  {
    thing: "a request to an API",
    happen: (observer) => observer.apiRequest({ method: "GET", route: "/v1/events/:id", status: 404, durationMs: 3 }),
    level: "debug",
    sample: 'postern_api_requests_total{method="GET",route="/v1/events/:id",status="404"} 1',
  },
  {
    thing: "a request that no route matched",
    happen: (observer) => observer.apiRequest({ method: "GET", route: null, status: 404, durationMs: 1 }),
    level: "debug",
    sample: 'postern_api_request_duration_seconds_count{route="unmatched"} 1',
  },
  {
    thing: "a request that the gateway failed",
    happen: (observer) => observer.apiRequest({ method: "GET", route: "/v1/events", status: 500, durationMs: 1 }),
    level: "warn",
  },
  {
    thing: "background work that failed",
    happen: (observer) => observer.faulted({ task: "retention", error: new Error("busy") }),
    level: "error",
    line: { task: "retention", error: "Error: busy" },
    sample: 'postern_faults_total{task="retention"} 1',
  },
  {
    thing: "a disk that is almost full",
    happen: (observer) => observer.storeShortOfDisk({ freeBytes: 10, freeBytesMin: 100 }),
    level: "error",
    line: { freeBytes: 10, freeBytesMin: 100 },
  },
  {
    thing: "statements to a database server",
    happen: (observer) => observer.statementsSent(7),
    level: null,
    sample: "postern_store_statements_total 7",
  },
  {
    thing: "a database server that loses events when its machine fails",
    happen: (observer) => observer.storeUnsafe({ setting: "fsync" }),
    level: "warn",
    line: { setting: "fsync", message: expect.stringContaining("fsync=off") },
  },
  {
    thing: "a disk that has space again",
    happen: (observer) => observer.storeHasDisk({ freeBytes: 1_000, freeBytesMin: 100 }),
    level: "info",
  },
  {
    thing: "a start",
    happen: (observer) => observer.started({ publicUrl: "http://localhost:8080", engine: "sqlite" }),
    level: "info",
    line: { message: "started", engine: "sqlite" },
  },
  {
    thing: "a stop that begins",
    happen: (observer) => observer.stopping({ reason: "SIGTERM", deadlineMs: 20_000 }),
    level: "info",
    line: { message: "stopping", reason: "SIGTERM" },
  },
  {
    thing: "a stop that left work unfinished",
    happen: (observer) => observer.stopped({ clean: false, durationMs: 20_000 }),
    level: "warn",
    line: { message: "stopped", clean: false },
  },
  {
    thing: "somebody who came in",
    level: "info",
    happen: (observer) => observer.entered({ entrance: "sign_in", userId: "u-1" }),
    sample: 'postern_entries_total{entrance="sign_in",outcome="entered"} 1',
    line: { message: "somebody came in", entrance: "sign_in", userId: "u-1" },
  },
  {
    thing: "somebody who was not let in",
    level: "info",
    happen: (observer) =>
      observer.entryRefused({ entrance: "invitation", reason: "expired", senderAddress: "203.0.113.7" }),
    sample: 'postern_entries_total{entrance="invitation",outcome="expired"} 1',
    line: { message: "somebody was not let in", reason: "expired", senderAddress: "203.0.113.7" },
  },
  {
    thing: "an invitation",
    level: "info",
    happen: (observer) => observer.ownerInvited({ expiresAtMs: 3_600_000 }),
    line: { message: "an owner was invited", expiresAt: "1970-01-01T01:00:00.000Z" },
  },
  {
    thing: "a remark of better-auth",
    level: "warn",
    happen: (observer) => observer.signInNoted({ message: "something is odd" }),
    line: { message: "signing in has a remark", remark: "something is odd" },
  },
];

test.for(things)("$thing is told as $level, and counted", async ({ happen, level, line, sample }) => {
  const { observer, sink, samples } = setUp();
  happen(observer);
  expect(sink.entries().map((entry) => entry["level"])).toEqual(level === null ? [] : [level]);
  if (line !== undefined) expect(sink.entries()[0]).toMatchObject(line);
  if (sample !== undefined) expect(await samples()).toContain(sample);
});

test("every thing that can happen is in the table above", () => {
  const told = new Set<string>();
  const { observer } = setUp();
  const recorder = Object.fromEntries(Object.keys(observer).map((name) => [name, () => told.add(name)]));
  for (const { happen } of things) happen(recorder as unknown as Observer);
  expect([...told].toSorted()).toEqual(Object.keys(observer).toSorted());
});

test("a gateway that works well writes nothing at level info", () => {
  const { observer, sink } = setUp("info");
  observer.ingested({ outcome: "stored", provider: "github", durationMs: 1 });
  observer.committed({ items: 1, durationMs: 1 });
  observer.attempted({ ...attempt, outcome: "success", code: null, status: 200 });
  observer.deliveryEnded({ status: "success", reason: null });
  observer.apiRequest({ method: "GET", route: "/v1/events", status: 200, durationMs: 1 });
  expect(sink.lines).toEqual([]);
});

test("ids never become labels: the page does not grow with what passes through", async () => {
  const { observer, samples } = setUp("silent");
  observer.attempted(attempt);
  observer.deliveryEnded({ status: "failed", reason: "attempts_used", destinationId: "d-1" });
  const before = (await samples()).length;
  for (let i = 0; i < 500; i += 1) {
    const id = `id-${i}`;
    observer.attempted({ ...attempt, sourceId: id, destinationId: id, deliveryId: id, eventId: id, host: id });
    observer.deliveryEnded({ status: "failed", reason: "attempts_used", destinationId: id, deliveryId: id });
    observer.ingestRefused({ reason: "unknown_slug", remoteAddress: id });
    observer.destinationDisabled({ reason: "gone", destinationId: id, host: id });
  }
  const after = await samples();
  // One sample each for the reasons of the last two; they have no ids.
  expect(after).toHaveLength(before + 2);
  expect(after.join("\n")).not.toContain("id-");
});

test("a flood of refusals is counted whole and logged in part, reason by reason", async () => {
  const { observer, sink, samples, time } = setUp();
  for (let i = 0; i < 1_000; i += 1) observer.ingestRefused({ reason: "unknown_slug" });
  expect(sink.lines).toHaveLength(20);
  observer.ingestRefused({ reason: "too_large" });
  expect(sink.lines).toHaveLength(21);

  time.ms += 1_000;
  observer.ingestRefused({ reason: "unknown_slug" });
  expect(sink.entries().at(-1)).toMatchObject({ reason: "unknown_slug", suppressed: 980 });
  expect(await samples()).toContain('postern_ingest_refused_total{reason="unknown_slug"} 1001');
});

test("a store that fails every commit is counted whole and logged in part", async () => {
  const { observer, sink, samples, time } = setUp();
  for (let i = 0; i < 1_000; i += 1) observer.commitFailed({ items: 2, error: new Error("disk I/O error") });
  expect(sink.lines).toHaveLength(5);
  time.ms += 1_000;
  observer.commitFailed({ items: 2, error: new Error("disk I/O error") });
  expect(sink.entries().at(-1)).toMatchObject({ message: "commit failed", suppressed: 995 });
  expect(await samples()).toContain("postern_store_commit_failures_total 1001");
});
