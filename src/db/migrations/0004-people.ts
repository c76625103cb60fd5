import type { Ddl, Migration } from "../migration.ts";

/** Columns of rows that have just been made and are looked at by their times as text, which sorts as the times do. */
const times = ({ text }: Ddl): string => `created_at ${text} not null, updated_at ${text} not null`;

/**
 * People, and how they sign in: the tables that better-auth's core knows, under our names. It makes ids and writes times itself, both
 * as text.
 */
const peopleTables = (ddl: Ddl): string[] => [
  `create table users ( -- owner: accounts
    id ${ddl.text} not null primary key,
    name ${ddl.text} not null,
    email ${ddl.text} not null unique,
    email_verified ${ddl.integer} not null,
    image ${ddl.text},
    ${times(ddl)}
  )`,
  `create table credentials ( -- owner: accounts
    id ${ddl.text} not null primary key,
    user_id ${ddl.text} not null,
    account_id ${ddl.text} not null,
    provider_id ${ddl.text} not null,
    access_token ${ddl.text},
    refresh_token ${ddl.text},
    id_token ${ddl.text},
    access_token_expires_at ${ddl.text},
    refresh_token_expires_at ${ddl.text},
    scope ${ddl.text},
    password ${ddl.text},
    ${times(ddl)}
  )`,
  `create unique index credentials_by_user on credentials (user_id, provider_id)`,
  `create table sessions ( -- owner: accounts
    id ${ddl.text} not null primary key,
    user_id ${ddl.text} not null,
    token ${ddl.text} not null unique,
    team_id ${ddl.bytes},
    expires_at ${ddl.text} not null,
    ip_address ${ddl.text},
    user_agent ${ddl.text},
    ${times(ddl)}
  )`,
  `create index sessions_by_user on sessions (user_id, created_at)`,
  `create index sessions_by_expiry on sessions (expires_at)`,
];

const teamTables = ({ bytes, integer, text }: Ddl): string[] => [
  `create table team_members ( -- owner: accounts
    user_id ${text} not null,
    team_id ${bytes} not null,
    role ${text} not null,
    created_at_ms ${integer} not null,
    primary key (user_id, team_id)
  )`,
  `create index team_members_by_team on team_members (team_id)`,
  `create table invitations ( -- owner: accounts
    id ${bytes} not null primary key,
    team_id ${bytes} not null,
    role ${text} not null,
    token_hash ${bytes} not null unique,
    created_at_ms ${integer} not null,
    expires_at_ms ${integer} not null,
    used_at_ms ${integer},
    used_by ${text}
  )`,
  `create index invitations_by_expiry on invitations (expires_at_ms)`,
];

/** Who signs in, to which teams they belong, and what a team may have. */
export const people: Migration = {
  version: 4,
  name: "people",
  statements: (ddl) => [
    ...peopleTables(ddl),
    ...teamTables(ddl),
    `alter table teams add column max_sources ${ddl.integer}`,
    `alter table teams add column max_destinations ${ddl.integer}`,
    `alter table teams add column events_per_month ${ddl.integer}`,
    // Null: it was made before, and its slug is made of its name.
    `alter table environments add column slug ${ddl.text}`,
    `create unique index environments_by_slug on environments (team_id, slug)`,
  ],
};
