import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import type { Context } from "../../src/cli/_command.ts";
import { run } from "../../src/cli/run.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { freshDirectory } from "../support/store.ts";

/** The gateway in this process, whose signals come from the test. */
const serve = (clock: Context["clock"] = systemClock) => {
  const exits: number[] = [];
  const said: string[] = [];
  const running = Promise.withResolvers<void>();
  const listening = Promise.withResolvers<(signal: "SIGINT" | "SIGTERM") => void>();
  const ended = run(["serve"], {
    env: {
      DATA_DIR: join(freshDirectory(), "data"),
      HOST: "127.0.0.1",
      PORT: "0",
      DISK_FREE_MIN_BYTES: "0",
      LOG_LEVEL: "silent",
      SHUTDOWN_SECONDS: "1",
    },
    clock,
    out: () => {},
    err: (line) => {
      said.push(line);
      if (line.includes("before production")) running.resolve();
    },
    exit: (code) => exits.push(code),
    onStopSignal: (listener) => listening.resolve(listener),
  });
  onTestFinished(async () => {
    (await listening.promise)("SIGTERM");
    await ended;
  });
  return { exits, said, ended, running: running.promise, signal: async () => listening.promise };
};

test("the first signal stops it in order, and the exit code is 0", async () => {
  const gateway = serve();
  await gateway.running;
  (await gateway.signal())("SIGTERM");
  expect(await gateway.ended).toBe(0);
  expect(gateway.exits).toEqual([0]);
});

test.for([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("a second signal (%s) ends it at once, as the shell expects", async ([second, code]) => {
  const gateway = serve();
  await gateway.running;
  const signal = await gateway.signal();
  signal("SIGTERM");
  signal(second);
  expect(gateway.exits).toEqual([code]);
  expect(gateway.said.at(-1)).toBe(`${second} once more: ended at once`);
});

test("what does not end within SHUTDOWN_SECONDS and a little is left, with exit code 1", async () => {
  const waits: number[] = [];
  const gateway = serve({
    ...systemClock,
    // The deadline is over before anything can end.
    after: (delayMs, late) => {
      waits.push(delayMs);
      queueMicrotask(late);
      return { cancel: () => {} };
    },
  });
  await gateway.running;
  (await gateway.signal())("SIGTERM");
  expect(await gateway.ended).toBe(1);
  expect(waits).toEqual([6_000]);
  expect(gateway.exits).toEqual([1]);
  expect(gateway.said.at(-1)).toContain("did not end within SHUTDOWN_SECONDS");
});

test("a signal that comes while it starts is not lost", async () => {
  const gateway = serve();
  (await gateway.signal())("SIGINT");
  expect(await gateway.ended).toBe(0);
});
