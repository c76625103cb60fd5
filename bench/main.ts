import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Children, createChildren } from "../harness/children.ts";
import { describeMachine, machineLine } from "../harness/machine.ts";
import { embeddedStores, startPostgresStores } from "./gateway/database.ts";
import { startLoad } from "./load/generator.ts";
import { type Options, OptionsError, type PartLetter, readOptions, usage } from "./options.ts";
import { runParts } from "./parts/run.ts";
import { type Figure, isMet } from "./report/figure.ts";
import { profileSummary } from "./report/profile.ts";
import { tableOf } from "./report/table.ts";
import { startSink } from "./sink/receiver.ts";

/** Whatever hangs, the benchmark does not. */
const wholeMsMax = 30 * 60_000;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Hands out directories below `root`, and below the one for profiles, each with a number of its own. */
const createDirectories = (root: string, { profileDirectory }: Options) => {
  let count = 0;
  const next = (name: string): string => {
    count += 1;
    return `${name}-${count}`;
  };
  return {
    newDirectory: (name: string): string => {
      const path = join(root, next(name));
      mkdirSync(path);
      return path;
    },
    profileDirectory: (part: PartLetter): string | null =>
      profileDirectory === null ? null : join(profileDirectory, next(part)),
  };
};

const measure = async (options: Options, children: Children, root: string): Promise<readonly Figure[]> => {
  const stores = options.engine === "postgres" ? await startPostgresStores() : embeddedStores;
  const sink = await startSink(children);
  const load = startLoad(children);
  try {
    return await runParts({ options, children, sink, load, stores, say, ...createDirectories(root, options) });
  } finally {
    await Promise.all([load.stop(), sink.stop()]);
    await stores.close();
  }
};

const report = (options: Options, figures: readonly Figure[], machine: ReturnType<typeof describeMachine>): void => {
  process.stdout.write(`\n${machineLine(machine)}\n\n${tableOf(figures)}\n`);
  if (options.profileDirectory !== null) {
    process.stdout.write(`\n${profileSummary(options.profileDirectory)}\n`);
  }
  if (options.jsonPath === null) return;
  const judged = figures.map((figure) => ({ ...figure, met: isMet(figure) }));
  const all = { machine, options: { ...options, parts: [...options.parts] }, figures: judged };
  writeFileSync(options.jsonPath, `${JSON.stringify(all, null, 2)}\n`);
};

const run = async (options: Options): Promise<void> => {
  const machine = describeMachine();
  const children = createChildren();
  const root = mkdtempSync(join(options.directory ?? tmpdir(), "postern-bench-"));
  let isStopped = false;
  // Processes that die make whatever waits for them fail, and so everything ends in its usual order.
  const stop = (why: string) => (): void => {
    say(`${why}: what runs is killed`);
    isStopped = true;
    process.exitCode = 1;
    children.killAll();
  };
  const overdue = setTimeout(stop("it took too long"), wholeMsMax);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop(signal));
  try {
    report(options, await measure(options, children, root), machine);
  } catch (error) {
    if (!isStopped) throw error;
  } finally {
    clearTimeout(overdue);
    children.killAll();
    rmSync(root, { recursive: true, force: true, maxRetries: 3 });
  }
};

try {
  const options = readOptions(process.argv.slice(2));
  if (options === null) process.stdout.write(usage);
  else await run(options);
} catch (error) {
  const isMistake = error instanceof OptionsError || (error instanceof TypeError && "code" in error);
  say(isMistake ? `${error.message}\n\n${usage}` : String(error instanceof Error ? error.stack : error));
  process.exitCode = 1;
}
