import type { Migration } from "./migration.ts";
import { gateway } from "./migrations/0001-gateway.ts";
import { nodes } from "./migrations/0002-nodes.ts";
import { hookstream } from "./migrations/0003-hookstream.ts";

/** Every step of the schema, oldest first. */
export const migrations: readonly Migration[] = [gateway, nodes, hookstream];
