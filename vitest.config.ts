import { existsSync, statfsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

import { defineConfig, type ViteUserConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

import { tallyReporter } from "./test/support/tally.ts";

/** What one process of the suite has compiled, the hundreds after it need not. */
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("node_modules/.cache/compiled", import.meta.url));

/** A file system in memory, and what there must be left in it. */
const memory = { path: "/dev/shm", freeBytesMin: 4 * 1024 ** 3 };

/** Stores of tests are gone when these end: where there is room, they wait for no disk. What a disk must do, tests look at all the same. */
const hasRoom = (): boolean => {
  if (!existsSync(memory.path)) return false;
  const { bavail, bsize } = statfsSync(memory.path);
  return bavail * bsize > memory.freeBytesMin;
};
if (hasRoom()) process.env["TMPDIR"] ??= memory.path;

/** What opens a store: all of it holds on both engines. */
const ofStores = [
  "test/access/{keys,environments}.test.ts",
  "test/accounts/{coming-in,sessions}.test.ts",
  "test/api/**/*.test.ts",
  "test/db/{group-commit,overlap,probe,singly,transaction}.test.ts",
  "test/delivery/**/*.test.ts",
  "test/events/**/*.test.ts",
  "test/fuzz/{ingest,management}.test.ts",
  "test/gateway/**/*.test.ts",
  "test/ingest/**/*.test.ts",
  "test/queue/**/*.test.ts",
  "test/replay/**/*.test.ts",
  "test/retention/{expire,expire-sources,purge}.test.ts",
  "test/routing/{limits,store}.test.ts",
  "test/secrets/{rotate,secrets}.test.ts",
];

/** But for what is about the disk of the embedded one. */
const ofEmbedded = ["test/gateway/disk-floor.test.ts", "test/ingest/free-space.test.ts"];

/** Of the PostgreSQL engine itself. */
const ofPostgres = ["test/cli/database.test.ts", "test/db/postgres/**/*.test.ts", "test/nodes/**/*.test.ts"];

const isFault = ({ moduleId }: TestSpecification): boolean => moduleId.includes("/test/faults/");

/** The small files of faults take the longest, and mostly wait: one that begins last would keep the whole suite waiting. */
class FaultsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- Vitest's own, and of no array
    const sorted = await super.sort(files);
    return [...sorted.filter(isFault), ...sorted.filter((file) => !isFault(file))];
  }
}

const config: ViteUserConfig = defineConfig({
  test: {
    setupFiles: ["test/support/seed.ts", "test/support/leaks.ts", "test/support/drop-databases.ts"],
    reporters: ["default", tallyReporter],
    environment: "node",
    pool: "forks",
    // A process runs many files: what each would load again is as much work as most of its tests. `leaks.ts` sees that
    // none leaves anything to the next.
    isolate: false,
    // Node runs the sources as it runs the product's, and keeps what it has compiled.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // Files mostly wait for processes and servers of their own. Vitest's own number is one less than there are cores.
    sequence: { sequencer: FaultsFirst },
    maxWorkers: Math.max(2, availableParallelism()),
    // Memory tests collect garbage before they measure.
    execArgv: ["--expose-gc"],
    testTimeout: 60_000,
    // Machines of a suite are busy: what comes late comes all the same.
    expect: { poll: { timeout: 20_000 } },
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    allowOnly: false,
    retry: 0,
    // A difference is shown whole, not as "[ …(3) ]".
    chaiConfig: { truncateThreshold: 0 },
    projects: [
      {
        extends: true,
        test: {
          name: "sqlite",
          include: ["test/**/*.test.ts"],
          exclude: ofPostgres,
          globalSetup: ["test/support/sqlite-file.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "postgres",
          include: [...ofStores, ...ofPostgres],
          exclude: ofEmbedded,
          globalSetup: ["test/support/postgres-server.ts"],
        },
      },
    ],
  },
});

export default config;
