import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";

import { expect, onTestFinished, test } from "vitest";

/** A process of its own whose log goes to standard output, and that then does `script`. */
const run = (script: string): ChildProcessByStdio<null, Readable, Readable> => {
  const preamble = `
    import { createOutput } from ${JSON.stringify(import.meta.resolve("../../src/observe/output.ts"))};
    import { systemClock } from ${JSON.stringify(import.meta.resolve("../../src/lib/clock.ts"))};
    const log = createOutput(1, systemClock);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", preamble + script], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });
  return child;
};

const tenLines = 'for (let i = 0; i < 10; i += 1) log.write("line " + i + "\\n");';
const expected = Array.from({ length: 10 }, (_, i) => `line ${i}`);

test.for([
  ["comes to its end", ""],
  ["exits in the middle", "process.exit(3);"],
  ["crashes", 'throw new Error("crash");'],
])("every line is there when the process %s", async ([, ending]) => {
  const lines = (await text(run(tenLines + ending).stdout)).trimEnd().split("\n");
  expect(lines.toSorted()).toEqual(expected);
});

test("lines keep their order", async () => {
  const script = 'for (let i = 0; i < 5000; i += 1) { log.write(i + "\\n"); if (i % 100 === 0) await null; }';
  const lines = (await text(run(script).stdout)).trimEnd().split("\n");
  expect(lines).toEqual(Array.from({ length: 5_000 }, (_, i) => String(i)));
});

test.for([
  ["goes on", "setTimeout(() => process.exit(7), 50);", 7],
  ["can still crash", 'throw new Error("crash");', 1],
] as const)("a process whose reader went away %s", async ([, ending, exitCode]) => {
  const child = run(`process.stdin.destroy(); setTimeout(() => { ${tenLines} ${ending} }, 50);`);
  child.stdout.destroy();
  const [code] = await once(child, "exit");
  expect(code).toBe(exitCode);
});

test("a process whose reader hangs goes on, and keeps a bounded number of bytes for it", async () => {
  const child = run(`
    const line = "x".repeat(65_535) + "\\n";
    for (let i = 0; i < 1_000; i += 1) log.write(line);
    setTimeout(() => { console.error("alive " + (process.memoryUsage.rss() < 300 * 2 ** 20)); process.kill(process.pid, "SIGKILL"); }, 20);
  `);
  child.stdout.pause();
  expect((await text(child.stderr)).trim()).toBe("alive true");
});
