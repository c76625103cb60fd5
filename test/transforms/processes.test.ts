import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe, type ChannelListener } from "node:diagnostics_channel";

import { describe, expect, onTestFinished, test } from "vitest";

import { systemClock, wait } from "../../src/lib/clock.ts";
import { deathOf } from "../../src/transforms/_death.ts";
import { answerMsMax, runMsMax } from "../../src/transforms/limits.ts";
import type { Transformer } from "../../src/transforms/transformer.ts";
import { startChild } from "../support/child.ts";
import { createTestClock } from "../support/clock.ts";
import { inputOf, outcomeOf, startTransformer } from "../support/transformer.ts";

/** Processes that are started from now on, until the test ends. */
const watchProcesses = (): readonly ChildProcess[] => {
  const started: ChildProcess[] = [];
  const onStarted: ChannelListener = (message) => {
    started.push((message as { process: ChildProcess }).process);
  };
  subscribe("child_process", onStarted);
  onTestFinished(() => void unsubscribe("child_process", onStarted));
  return started;
};

const endless = "($f := function($x){ $f($x + 1) }; $f(1))";

const run = async (transformer: Transformer, expression: string, owner = "one"): Promise<unknown> =>
  outcomeOf(await transformer.transform(owner, expression, inputOf("{}")));

describe("how a process ended tells whether its expression has failed:", () => {
  test.for([
    ["SIGVTALRM", null, { kind: "failed", error: "the transform took more than 500 ms of processor time" }],
    ["SIGUSR2", null, { kind: "failed", error: "the transform used more than 128 MiB of memory" }],
    ["SIGABRT", null, { kind: "failed", error: "the transform used more than 128 MiB of memory" }],
    [null, 134, { kind: "failed", error: "the transform used more than 128 MiB of memory" }],
    ["SIGSEGV", null, { kind: "failed", error: "the process of the transform died" }],
    [null, 1, { kind: "failed", error: "the process of the transform died" }],
    ["SIGKILL", null, { kind: "unavailable", message: "the process of the transform was ended by SIGKILL" }],
    [null, null, { kind: "unavailable", message: "the process of the transform was ended by somebody" }],
  ] as const)("%s, %s", ([signal, code, expected]) => expect(deathOf({ signal, code })).toEqual(expected));
});

test("a process runs one expression after the other, and is replaced by one when it was ended", async () => {
  const started = watchProcesses();
  const transformer = startTransformer();
  for (let i = 0; i < 10; i += 1) expect(await run(transformer, `{ "i": ${i} }`)).toEqual({ i });
  expect(started).toHaveLength(1);
  expect(await run(transformer, '($f := function($s){ ($contains($s, "y"); $f($s & $s)) }; $f("xxxxxxxxxx"))')).toMatch(
    /more than/,
  );
  for (let i = 0; i < 10; i += 1) expect(await run(transformer, `{ "i": ${i} }`)).toEqual({ i });
  expect(started).toHaveLength(2);
});

test("an expression whose process somebody kills is not to blame, and can be tried again", async () => {
  const started = watchProcesses();
  const transformer = startTransformer();
  await run(transformer, "{}");
  const running = transformer.transform("one", endless, inputOf("{}"));
  started[0]!.kill("SIGKILL");
  expect(await running).toMatchObject({ kind: "unavailable" });
  expect(await run(transformer, '{ "ok": true }')).toEqual({ ok: true });
});

test.for(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
  "%s to all processes of the gateway ends none under way",
  async (signal) => {
    const started = watchProcesses();
    const transformer = startTransformer();
    await run(transformer, "{}");
    const running = run(transformer, '{ "n": $count([1..30000].$string()) }');
    started[0]!.kill(signal);
    expect(await running).toEqual({ n: 30_000 });
    expect(started).toHaveLength(1);
  },
);

test("time in which the machine does something else is not the expression's", async () => {
  const started = watchProcesses();
  const transformer = startTransformer();
  await run(transformer, "{}");
  started[0]!.kill("SIGSTOP");
  const running = run(transformer, '{ "ok": true }');
  await wait(systemClock, 2 * runMsMax);
  started[0]!.kill("SIGCONT");
  expect(await running).toEqual({ ok: true });
  expect(started).toHaveLength(1);
});

test("a process that does not answer is ended, and its expression can be tried again", async () => {
  const started = watchProcesses();
  const clock = createTestClock("when told");
  const transformer = startTransformer(clock);
  await run(transformer, "{}");
  started[0]!.kill("SIGSTOP");
  const running = transformer.transform("one", '{ "ok": true }', inputOf("{}"));
  clock.advance(answerMsMax);
  expect(await running).toEqual({
    kind: "unavailable",
    message: `the process of the transform gave no answer within ${answerMsMax} ms`,
  });
  expect(await run(transformer, '{ "ok": true }')).toEqual({ ok: true });
});

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test.for([
  ["nothing", "{}"],
  ["one that never ends", endless],
  ["a step that never ends", `$match("${"a".repeat(40)}!", /^(a+)+$/)`],
] as const)(
  "when the gateway is killed the processes of its expressions go, whatever they run: %s",
  async ([, expression]) => {
    const gateway = startChild("transforms/_transform-until-killed.ts", expression);
    const [pid = "", begun] = await gateway.waitForLines(2);
    expect([Number(pid) > 1 && isAlive(Number(pid)), begun]).toEqual([true, "begun"]);
    await gateway.kill();
    await expect.poll(() => isAlive(Number(pid))).toBe(false);
  },
);
