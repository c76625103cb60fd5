import type { Ddl, Migration } from "../migration.ts";

/** What a source of either dialect may have beside what Krafter's API knows. Null, or 0: it does not. */
const sourceColumns = ({ bytes, integer, text }: Ddl): string[] =>
  [
    `description ${text}`,
    `template ${text}`,
    `transport ${text} not null default 'http'`,
    `source_config ${bytes}`,
    `verification_type ${text}`,
    `verification_header ${text}`,
    `verification_config ${text}`,
    `dedup_enabled ${integer} not null default 0`,
    `dedup_strategy ${text}`,
    `dedup_field ${text}`,
    `dedup_window_seconds ${integer} not null default 300`,
    `ip_allowlist ${text}`,
    `ip_denylist ${text}`,
    `schema_enabled ${integer} not null default 0`,
    `json_schema ${text}`,
    `schema_action ${text}`,
    `status ${text} not null default 'active'`,
    `is_ephemeral ${integer} not null default 0`,
    `expires_at_ms ${integer}`,
    `request_limit ${integer}`,
    `session_token_hash ${bytes}`,
    `session_response ${text}`,
  ].map((column) => `alter table sources add column ${column}`);

/** What lists show of an event without its payload, and what the rules of its source made of it. */
const eventColumns = ({ integer, text }: Ddl): string[] =>
  [
    `dedup ${text}`,
    `schema_valid ${integer}`,
    `method ${text}`,
    `content_type ${text}`,
    `body_dropped ${integer} not null default 0`,
  ].map((column) => `alter table events add column ${column}`);

const ruleTables = ({ bytes, integer, text, clustered, changing, lasting }: Ddl): string[] => [
  `create table dedup_keys ( -- owner: ingest; read by: events, queue
    source_id ${bytes} not null,
    key ${bytes} not null,
    event_id ${bytes} not null,
    expires_at_ms ${integer} not null,
    primary key (source_id, key)
  )${clustered}${changing}`,
  `create index dedup_keys_by_expiry on dedup_keys (expires_at_ms)`,
  `create table refused_requests ( -- owner: ingest
    id ${bytes} not null primary key,
    team_id ${bytes} not null,
    env_id ${bytes} not null,
    source_id ${bytes} not null,
    reason ${text} not null,
    status ${integer} not null,
    method ${text} not null,
    sender_address ${text},
    body_bytes ${integer} not null,
    received_at_ms ${integer} not null
  )${clustered}${lasting}`,
  `create index refused_requests_by_source on refused_requests (source_id, id)`,
  `create table source_counts ( -- owner: events
    source_id ${bytes} not null,
    slot ${integer} not null,
    events ${integer} not null,
    last_event_at_ms ${integer} not null,
    primary key (source_id, slot)
  )${clustered}${changing}`,
];

/**
 * What the second dialect's sources and events have. `status` replaces `enabled`: what was off stores and does not forward,
 * which is `paused` now.
 *
 * A row of `dedup_keys` says which event a source saw first under a key; it counts until it expires, and is removed later.
 * `source_counts` has a row per source and slot: commits that are under way at the same time use different ones,
 * so that none waits for another.
 */
export const hookstream: Migration = {
  version: 3,
  name: "hookstream",
  statements: (ddl) => [
    ...sourceColumns(ddl),
    `update sources set status = 'paused' where enabled = 0`,
    `alter table sources drop column enabled`,
    `create index sources_expiring on sources (expires_at_ms) where expires_at_ms is not null`,
    ...eventColumns(ddl),
    `create index events_duplicate on events (source_id, id) where dedup = 'duplicate'`,
    `create index events_schema_invalid on events (source_id, id) where schema_valid = 0`,
    ...ruleTables(ddl),
  ],
};
