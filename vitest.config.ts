import { defineConfig, type ViteUserConfig } from "vitest/config";

import { tallyReporter } from "./test/support/tally.ts";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/leaks.ts"],
    reporters: ["default", tallyReporter],
    environment: "node",
    // A process per file: a file that breaks its process, or fills it, breaks no other.
    pool: "forks",
    isolate: true,
    // Memory tests collect garbage before they measure.
    execArgv: ["--expose-gc"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    teardownTimeout: 10_000,
    allowOnly: false,
    retry: 0,
    // A difference is shown whole, not as "[ …(3) ]".
    chaiConfig: { truncateThreshold: 0 },
  },
});

export default config;
