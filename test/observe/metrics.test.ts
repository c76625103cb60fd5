import { expect, test } from "vitest";

import { createLogger } from "../../src/observe/log.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { createObserver } from "../../src/observe/observe.ts";
import { captureLog } from "../support/captured-log.ts";

const sample = async (metrics: { text(): Promise<string> }, start: string): Promise<string[]> =>
  (await metrics.text()).split("\n").filter((line) => line.startsWith(start));

test("a gauge shows what its source says, in base units", async () => {
  const metrics = createMetrics();
  metrics.watch({
    queueDepth: () => 12,
    oldestDueAgeMs: () => 1_500,
    lanes: () => ({ idle: 3, busy: 2, backlogged: 1, held: 0, disabled: 4 }),
    bodiesInMemoryBytes: () => 4_096,
  });
  metrics.watch({ walBytes: () => 8_192 });
  const text = await metrics.text();
  for (const line of [
    "postern_queue_deliveries 12",
    "postern_queue_oldest_due_age_seconds 1.5",
    'postern_lanes{state="idle"} 3',
    'postern_lanes{state="disabled"} 4',
    "postern_ingest_bodies_in_memory_bytes 4096",
    "postern_store_wal_bytes 8192",
  ]) {
    expect(text.split("\n")).toContain(line);
  }
});

test("a gauge that is not known shows nothing rather than 0", async () => {
  const metrics = createMetrics();
  expect(await sample(metrics, "postern_queue")).toEqual([]);

  let depth: number | null = 5;
  metrics.watch({ queueDepth: () => depth });
  expect(await sample(metrics, "postern_queue")).toEqual(["postern_queue_deliveries 5"]);

  depth = null;
  expect(await sample(metrics, "postern_queue")).toEqual([]);
});

test("a source that throws takes no other reading away", async () => {
  const metrics = createMetrics();
  metrics.watch({
    queueDepth: () => {
      throw new Error("not now");
    },
    lanes: () => {
      throw new Error("not now");
    },
    walBytes: () => 1,
  });
  expect(await sample(metrics, "postern_")).toEqual(["postern_store_wal_bytes 1"]);
});

test("two gateways in one process count apart", async () => {
  const [one, two] = [createMetrics(), createMetrics()];
  one.counter({ name: "postern_test_total", help: "A test." }).inc();
  expect(await sample(one, "postern_test_total")).toEqual(["postern_test_total 1"]);
  expect(await sample(two, "postern_test_total")).toEqual([]);
});

test("the process's own metrics are there when asked for", async () => {
  const metrics = createMetrics({ process: true });
  expect(await sample(metrics, "process_resident_memory_bytes ")).toHaveLength(1);
  expect(await sample(metrics, "nodejs_eventloop_lag_seconds ")).toHaveLength(1);
});

test("every metric has a name of the house, base units and a help text that is a sentence", async () => {
  const metrics = createMetrics();
  const clock = { nowMs: () => 0, monotonicMs: () => 0 };
  createObserver({ log: createLogger({ level: "info", format: "json", clock, sink: captureLog() }), metrics, clock });
  const text = await metrics.text();
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => ({ name: name!, type: type! }));
  expect(types.length).toBeGreaterThan(15);
  for (const { name, type } of types) {
    expect(name).toMatch(/^postern_[a-z]+(_[a-z]+)*$/);
    expect(name).not.toMatch(/_(ms|millis|milliseconds|kb|mb|count)$/);
    expect({ name, isTotal: name.endsWith("_total") }).toEqual({ name, isTotal: type === "counter" });
    expect(new RegExp(`^# HELP ${name} (.*)$`, "m").exec(text)?.[1]).toMatch(/^[A-Z].{15,}\.$/);
  }
  expect(metrics.contentType).toContain("text/plain");
});
