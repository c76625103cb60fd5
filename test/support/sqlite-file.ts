import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { TestProject } from "vitest/node";

import { migrations } from "../../src/db/migrations.ts";
import { migrate } from "../../src/db/sqlite/migrate.ts";
import { systemClock } from "../../src/lib/clock.ts";

declare module "vitest" {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- vitest's own, to be added to
  interface ProvidedContext {
    /** The file of a store in which nothing is yet. */
    sqlite: { readonly template: string };
  }
}

/** Makes the schema once: to make it takes as long as much of what is done with it. */
export const setup = (project: TestProject): (() => void) => {
  const directory = mkdtempSync(join(tmpdir(), "postern-template-"));
  const template = join(directory, "postern.db");
  migrate(template, migrations, systemClock.nowMs());
  project.provide("sqlite", { template });
  return () => rmSync(directory, { recursive: true, force: true });
};
