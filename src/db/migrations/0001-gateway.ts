import type { Ddl, Migration } from "../migration.ts";

const accessTables = ({ bytes, integer, text }: Ddl): string[] => [
  `create table teams ( -- owner: access
    id ${bytes} not null primary key,
    name ${text} not null unique,
    created_at_ms ${integer} not null
  )`,
  `create table environments ( -- owner: access
    id ${bytes} not null primary key,
    team_id ${bytes} not null,
    name ${text} not null,
    is_default ${integer} not null,
    created_at_ms ${integer} not null,
    unique (team_id, name)
  )`,
  `create table api_keys ( -- owner: access
    id ${bytes} not null primary key,
    team_id ${bytes} not null,
    env_id ${bytes} not null,
    name ${text} not null,
    key_hash ${bytes} not null unique,
    key_prefix ${text} not null,
    scopes ${text} not null,
    expires_at_ms ${integer},
    last_used_at_ms ${integer},
    revoked_at_ms ${integer},
    created_at_ms ${integer} not null
  )`,
  `create index api_keys_by_team on api_keys (team_id, env_id, id)`,
];

const secretsTables = ({ bytes, text }: Ddl): string[] => [
  `create table canaries ( -- owner: secrets
    name ${text} not null primary key,
    sealed ${bytes} not null
  )`,
];

const sourceTables = ({ bytes, integer, text }: Ddl): string[] => [
  `create table sources ( -- owner: routing
    id ${bytes} not null primary key,
    team_id ${bytes} not null,
    env_id ${bytes} not null,
    kind ${text} not null,
    dialect ${text} not null,
    name ${text} not null,
    ingest_slug ${text} not null unique,
    slug ${text} not null,
    provider ${text} not null,
    signing_secret ${bytes},
    previous_secret ${bytes},
    previous_secret_until_ms ${integer},
    signing_algorithm ${text},
    signing_header ${text},
    event_type_source ${text},
    event_type_path ${text},
    require_signature ${integer} not null,
    enabled ${integer} not null,
    retention_days ${integer} not null,
    body_limit_bytes ${integer},
    rate_limit_per_minute ${integer},
    created_at_ms ${integer} not null,
    updated_at_ms ${integer} not null,
    deleted_at_ms ${integer},
    unique (env_id, slug)
  )`,
  `create index sources_by_team on sources (team_id, env_id, id)`,
];

const destinationTables = ({ bytes, integer, text }: Ddl): string[] => [
  `create table destinations ( -- owner: routing
    id ${bytes} not null primary key,
    team_id ${bytes} not null,
    env_id ${bytes} not null,
    kind ${text} not null,
    dialect ${text} not null,
    owner_source_id ${bytes},
    url ${text} not null,
    secret ${bytes},
    previous_secret ${bytes},
    previous_secret_until_ms ${integer},
    enabled ${integer} not null,
    disabled_reason ${text},
    enabling ${integer} not null,
    failure_count ${integer} not null,
    max_concurrency ${integer} not null,
    rate_limit ${integer},
    rate_limit_period ${text},
    ordered ${integer} not null,
    timeout_ms ${integer} not null,
    retry_schedule ${text},
    payload_format ${text} not null,
    forward_headers ${text} not null,
    resign ${integer} not null,
    created_at_ms ${integer} not null,
    updated_at_ms ${integer} not null,
    deleted_at_ms ${integer}
  )`,
  `create index destinations_by_team on destinations (team_id, env_id, id)`,
  `create index destinations_by_owner on destinations (owner_source_id)`,
  `create table connections ( -- owner: routing
    id ${bytes} not null primary key,
    team_id ${bytes} not null,
    env_id ${bytes} not null,
    source_id ${bytes} not null,
    destination_id ${bytes} not null,
    event_filter ${text},
    created_at_ms ${integer} not null,
    updated_at_ms ${integer} not null,
    deleted_at_ms ${integer}
  )`,
  `create index connections_by_source on connections (source_id)`,
  `create index connections_by_destination on connections (destination_id)`,
];

const eventsTables = ({ bytes, integer, text, clustered, changing, lasting }: Ddl): string[] => [
  `create table events ( -- owner: events; read by: queue
    id ${bytes} not null primary key,
    team_id ${bytes} not null,
    env_id ${bytes} not null,
    source_id ${bytes} not null,
    event_type ${text},
    status ${text} not null,
    signature_valid ${integer} not null,
    signature_reason ${text} not null,
    quarantined ${integer} not null,
    provider_event_id ${text},
    body_bytes ${integer} not null,
    received_at_ms ${integer} not null
  )${clustered}${changing}`,
  `create index events_by_source on events (source_id, id)`,
  `create index events_by_type on events (source_id, event_type, id) where event_type is not null`,
  // The rest is found by walking the source: what is not rare is found soon.
  `create index events_not_succeeded on events (source_id, status, id) where status <> 'succeeded'`,
  `create index events_unverified on events (source_id, id) where signature_valid = 0`,
  `create index events_quarantined on events (source_id, id) where quarantined = 1`,
  `create table payloads ( -- owner: events
    event_id ${bytes} not null primary key,
    method ${text} not null,
    query ${text} not null,
    sender_address ${text},
    headers ${bytes} not null,
    body ${bytes} not null
  )${lasting}`,
];

const queueTables = ({ bytes, integer, text, clustered, changing }: Ddl): string[] => [
  `create table deliveries ( -- owner: queue; read by: events
    event_id ${bytes} not null,
    id ${bytes} not null,
    team_id ${bytes} not null,
    env_id ${bytes} not null,
    source_id ${bytes} not null,
    connection_id ${bytes} not null,
    destination_id ${bytes} not null,
    is_replay ${integer} not null,
    replay_id ${bytes},
    newest ${integer} not null,
    status ${text} not null,
    reason ${text},
    due_at_ms ${integer},
    not_before_ms ${integer},
    enabling ${integer} not null,
    attempts ${integer} not null,
    claims ${integer} not null,
    generation ${integer} not null,
    ended_at_ms ${integer},
    created_at_ms ${integer} not null,
    primary key (event_id, id)
  )${clustered}${changing}`,
  `create index deliveries_live on deliveries (destination_id, due_at_ms) where due_at_ms is not null`,
  `create index deliveries_by_replay on deliveries (replay_id, status) where replay_id is not null`,
];

const deliveryTables = ({ bytes, integer, text, clustered, lasting }: Ddl): string[] => [
  `create table attempts ( -- owner: delivery
    event_id ${bytes} not null,
    delivery_id ${bytes} not null,
    number ${integer} not null,
    team_id ${bytes} not null,
    env_id ${bytes} not null,
    destination_id ${bytes} not null,
    attempt_id ${bytes} not null,
    code ${text},
    error ${text},
    response_status ${integer},
    response_body ${bytes},
    duration_ms ${integer} not null,
    started_at_ms ${integer} not null,
    primary key (event_id, delivery_id, number)
  )${clustered}${lasting}`,
];

const replayTables = ({ bytes, integer, text }: Ddl): string[] => [
  `create table replays ( -- owner: replay
    id ${bytes} not null primary key,
    team_id ${bytes} not null,
    env_id ${bytes} not null,
    source_id ${bytes} not null,
    status ${text} not null,
    filter ${text} not null,
    rate_per_second ${integer},
    total ${integer} not null,
    queued ${integer} not null,
    skipped ${integer} not null,
    succeeded ${integer},
    failed ${integer},
    cancelled ${integer},
    cursor ${bytes},
    upper_id ${bytes} not null,
    created_at_ms ${integer} not null,
    ended_at_ms ${integer}
  )`,
  `create index replays_by_source on replays (source_id, id)`,
];

/**
 * Ids are 16 bytes (UUIDv7), times Unix milliseconds, flags 0 or 1.
 *
 * `events`, `deliveries` and `attempts` are clustered by ids that grow, and the last two by their event: one tree each,
 * and an event's page is one seek. No hot table has foreign keys. Each secondary index costs about 2 µs per event, so
 * most are partial: of a delivered event there are entries by source, and by source and type.
 *
 * A delivery's `due_at_ms` is null once it has ended and `claimedDueMs` while an owner holds it, so the index of live
 * deliveries answers what is due, what is claimed and what comes first.
 */
export const gateway: Migration = {
  version: 1,
  name: "gateway",
  statements: (ddl) => [
    ...accessTables(ddl),
    ...secretsTables(ddl),
    ...sourceTables(ddl),
    ...destinationTables(ddl),
    ...eventsTables(ddl),
    ...queueTables(ddl),
    ...deliveryTables(ddl),
    ...replayTables(ddl),
  ],
};
