import type { Migration } from "./migration.ts";
import { gateway } from "./migrations/0001-gateway.ts";
import { nodes } from "./migrations/0002-nodes.ts";
import { hookstream } from "./migrations/0003-hookstream.ts";
import { people } from "./migrations/0004-people.ts";
import { routes } from "./migrations/0005-routes.ts";
import { resumedReplays } from "./migrations/0006-resumed-replays.ts";
import { commits } from "./migrations/0007-commits.ts";
import { filters } from "./migrations/0008-filters.ts";

/** Every step of the schema, oldest first. */
export const migrations: readonly Migration[] = [
  gateway,
  nodes,
  hookstream,
  people,
  routes,
  resumedReplays,
  commits,
  filters,
];
