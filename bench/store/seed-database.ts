import { Client } from "pg";

import { bodyOf, headersOf } from "../load/request.ts";
import { rareType, types } from "./fate.ts";
import type { Fill } from "./fill.ts";

const bodiesCount = 1_024;
const eventsPerTransaction = 250_000;
const attemptMs = 42;

/** A number below `count` that looks like chance and is the same in every run. Different salts know nothing of each other. */
const scatter = (salt: number, count: number): string =>
  `(((hashint8extended(n, ${salt}) % ${count}) + ${count}) % ${count})::integer`;

/** UUIDv7 bytes: the time, then what makes it unique and keeps it growing. `kind` tells the rows of one event apart. */
const idOf = (kind: string): string =>
  `decode(lpad(to_hex(at_ms), 12, '0') || lpad(to_hex(28672 + ${kind}), 4, '0') || '80000000' || lpad(to_hex(n), 8, '0'), 'hex')`;

const typesSql = `(array[${types.map((type) => `'${type}'`).join(", ")}])[1 + ${scatter(2, types.length)}]`;

/** As `fateOf` has it: of two hundred events one was a forgery, two were never delivered, six only late. */
const fatesSql = ({ events, spanMs }: Fill, startMs: number, from: number, below: number): string => `
  create temporary table seeded on commit drop as
  select *, ${idOf("0")} as event_id, case when is_backlog then 'pending' when place in (1, 2) then 'failed' else 'success' end as outcome,
    case when is_backlog or place = 0 then 0 when place <= 2 then 5 when place <= 8 then 2 + place % 2 else 1 end as attempts,
    is_backlog or place > 0 as is_genuine
  from (
    select n, ${startMs} + n * ${spanMs} / ${events} as at_ms, ${scatter(3, 200)} as place, ${scatter(4, 1_000_000)} as turn,
      case when ${scatter(1, 50_000)} = 0 then '${rareType}' else ${typesSql} end as event_type
    from generate_series(${from}::bigint, ${below - 1}) as n
  ) as numbered
  join (
    select *, count(*) over () as turns, row_number() over (order by id) - 1 as own_turn
    from bench_turns join sources using (id)
  ) as turns on own_turn = turn % turns`;

const eventsSql = `
  insert into events select event_id, team_id, env_id, id, event_type,
    case when not is_genuine then 'received' when is_backlog then 'forwarding' when outcome = 'failed' then 'failed' else 'succeeded' end,
    is_genuine::integer, case when is_genuine then 'ok' else 'mismatch' end, (not is_genuine)::integer, encode(event_id, 'hex'),
    1024, at_ms
  from seeded order by n`;

const payloadsSql = `
  insert into payloads select event_id, 'POST', '', '127.0.0.1', headers, body
  from seeded join bench_bodies on seed = n % ${bodiesCount} order by n`;

const deliveriesSql = `
  insert into deliveries (event_id, id, team_id, env_id, source_id, connection_id, destination_id, is_replay, newest, status,
    reason, due_at_ms, enabling, attempts, claims, generation, ended_at_ms, created_at_ms)
  select event_id, ${idOf("nth")}, s.team_id, s.env_id, s.id, c.id, destination_id, 0, 1, outcome,
    case when outcome = 'failed' then 'exhausted' end, case when outcome = 'pending' then at_ms end, 0, attempts, 0, attempts,
    case when outcome <> 'pending' then at_ms + ${attemptMs} end, at_ms
  from seeded s join (select *, row_number() over (partition by source_id order by id) as nth from connections) c on c.source_id = s.id
  where is_genuine order by n`;

const attemptsSql = `
  insert into attempts (event_id, delivery_id, number, team_id, env_id, destination_id, attempt_id, code, error,
    response_status, response_body, duration_ms, started_at_ms)
  select event_id, ${idOf("nth")}, number, s.team_id, s.env_id, destination_id, ${idOf("256 + number")},
    case when is_failure then 'status' end, case when is_failure then 'the receiver answered 500' end,
    case when is_failure then 500 else 200 end, 'ok', ${attemptMs}, at_ms
  from seeded s join (select *, row_number() over (partition by source_id order by id) as nth from connections) c on c.source_id = s.id
    cross join lateral (select number, number < attempts or outcome = 'failed' as is_failure from generate_series(1, attempts) as number) a
  where is_genuine order by n, number`;

const inDatabase = async <T>(url: string, work: (client: Client) => Promise<T>): Promise<T> => {
  const client = new Client({ connectionString: url });
  client.on("error", () => null);
  await client.connect();
  try {
    await client.query("set synchronous_commit = off");
    return await work(client);
  } finally {
    await client.end();
  }
};

/** What rows are made of: bodies, and each source as often as its weight says. */
const prepare = async (client: Client, { sources }: Fill, startMs: number): Promise<void> => {
  const bodies = Array.from({ length: bodiesCount }, (_, seed) => bodyOf(seed));
  const headers = bodies.map((body, seed) =>
    Buffer.from(JSON.stringify(headersOf(body, seed).map(([name, value]) => [name.toLowerCase(), value]))),
  );
  const turns = sources.flatMap(({ id, weight, isBacklog }) =>
    Array.from({ length: weight }, () => ({ id, isBacklog })),
  );
  await client.query(
    "create table bench_bodies as select n - 1 as seed, h as headers, b as body from unnest($1::bytea[], $2::bytea[]) with ordinality as u(h, b, n)",
    [headers, bodies],
  );
  await client.query(
    "create table bench_turns as select * from unnest($1::bytea[], $2::boolean[]) as u(id, is_backlog)",
    [turns.map(({ id }) => Buffer.from(id.replaceAll("-", ""), "hex")), turns.map(({ isBacklog }) => isBacklog)],
  );
  // Retention looks for nothing in sources that are younger than what would be too old.
  await client.query(
    "update sources set created_at_ms = least(created_at_ms, $1) where id in (select id from bench_turns)",
    [startMs],
  );
};

const run = async (url: string, fill: Fill, startMs: number, statements: readonly string[]): Promise<void> =>
  inDatabase(url, async (client) => {
    for (let from = 0; from < fill.events; from += eventsPerTransaction) {
      const below = Math.min(fill.events, from + eventsPerTransaction);
      await client.query(["begin", fatesSql(fill, startMs, from, below), ...statements, "commit"].join(";\n"));
    }
  });

/**
 * Fills a database, which a gateway made and none runs on now. Rows are made by the server, on two connections; tables, indexes and
 * their order on disk are those of a gateway that received them one after the other.
 */
export const seedDatabase = async (url: string, fill: Fill): Promise<void> => {
  const startMs = Date.now() - (fill.endedMsAgo ?? 0) - fill.spanMs;
  await inDatabase(url, (client) => prepare(client, fill, startMs));
  await Promise.all([
    run(url, fill, startMs, [payloadsSql]),
    run(url, fill, startMs, [eventsSql, deliveriesSql, attemptsSql]),
  ]);
  await inDatabase(url, async (client) => {
    await client.query("drop table bench_bodies, bench_turns");
    // As autovacuum leaves them, so that it does not begin when something is measured.
    await client.query("vacuum (analyze) events, payloads, deliveries, attempts");
    await client.query("checkpoint");
  });
};
