import type { Reporter, TestModule } from "vitest/node";

/** What a whole run came to. What failed outside any test (a leak, a file that cannot load, a rejection) counts too. */
export type Tally = { passed: number; failed: number };

/** Counts a run from vitest's own results. */
export const tallyOf = (modules: readonly TestModule[], unhandledErrors: readonly unknown[]): Tally => {
  const tally: Tally = { passed: 0, failed: unhandledErrors.length };
  for (const module of modules) {
    const passed = [...module.children.allTests("passed")].length;
    const failed = [...module.children.allTests("failed")].length;
    const brokenSuites = [...module.children.allSuites()].filter((suite) => suite.errors().length > 0).length;
    tally.passed += passed;
    tally.failed += failed + brokenSuites + (module.errors().length > 0 ? 1 : 0);
  }
  return tally;
};

/** Prints `N passed, N failed` as the last line of a run, for people and scripts that read only that. */
export const tallyReporter: Reporter = {
  onTestRunEnd(modules, unhandledErrors) {
    const { passed, failed } = tallyOf(modules, unhandledErrors);
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  },
};
