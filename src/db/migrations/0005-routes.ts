import type { Ddl, Migration } from "../migration.ts";

const added = (table: string, columns: readonly string[]): string[] =>
  columns.map((column) => `alter table ${table} add column ${column}`);

/** Null, or the default: what Krafter's API makes. `outgoing` is sealed. */
const destinationColumns = ({ bytes, integer, text }: Ddl): string[] =>
  added("destinations", [
    `name ${text}`,
    `slug ${text}`,
    `method ${text} not null default 'POST'`,
    `auth_type ${text} not null default 'none'`,
    `outgoing ${bytes}`,
    `retry_enabled ${integer} not null default 1`,
    `retry_backoff ${text} not null default 'schedule'`,
    `retry_intervals ${text}`,
    `retries_max ${integer}`,
    `circuit_enabled ${integer} not null default 0`,
    `circuit_threshold ${integer} not null default 5`,
    `circuit_reset_ms ${integer} not null default 60000`,
    `circuit_failures ${integer} not null default 0`,
    `circuit_opened_at_ms ${integer}`,
  ]);

const connectionColumns = ({ integer, text }: Ddl): string[] =>
  added("connections", [
    `name ${text}`,
    `description ${text}`,
    `enabled ${integer} not null default 1`,
    `filter_rules ${text}`,
    `transform_enabled ${integer} not null default 0`,
    `transform_expression ${text}`,
  ]);

/** Null where the attempt's destination is not one of hookstream's: its API alone shows what was sent. */
const attemptColumns = ({ bytes, integer, text }: Ddl): string[] =>
  added("attempts", [
    `request_method ${text}`,
    `request_url ${text}`,
    `request_headers ${bytes}`,
    `request_bytes ${integer}`,
    `response_headers ${bytes}`,
  ]);

/** Null where a replay is of one source, whose id is in `source_id`. In that of a road there is the destination's. */
const replayColumns = ({ bytes, text }: Ddl): string[] =>
  added("replays", [`destination_id ${bytes}`, `connection_id ${bytes}`, `source_ids ${text}`]);

/**
 * What destinations and connections of the second dialect have: how to sign in, to retry and to pause, filters and
 * transforms; and a replay that takes one road, a part of what it finds, and never tries twice.
 */
export const routes: Migration = {
  version: 5,
  name: "routes",
  statements: (ddl) => [
    ...destinationColumns(ddl),
    `create unique index destinations_by_slug on destinations (env_id, slug) where deleted_at_ms is null`,
    ...connectionColumns(ddl),
    `create index connections_by_team on connections (team_id, env_id, id)`,
    ...attemptColumns(ddl),
    // Hookstream's API lists attempts across events, and finds one by its id.
    `create index attempts_by_team on attempts (team_id, env_id, attempt_id)`,
    ...replayColumns(ddl),
  ],
};
