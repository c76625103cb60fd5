import type { Store } from "../../src/db/store.ts";
import type { Id } from "../../src/lib/ids.ts";
import { claimedDueMs } from "../../src/queue/delivery.ts";
import { isPostgres } from "./postgres.ts";
import { ids } from "./records.ts";
import { execute, idLiteral } from "./store.ts";

/** Sixteen bytes that count up. */
const numbered = (first: string, number: string): string =>
  isPostgres
    ? `decode('${first}' || lpad(to_hex(${number}), 31, '0'), 'hex')`
    : `unhex('${first}' || printf('%031x', ${number}))`;

/** Stores that many claims of one destination, of events whose ids begin with `first`. */
export const addClaims = (
  store: Store,
  destinationId: Id,
  { first, count }: { first: string; count: number },
): Promise<void> =>
  store.write((tx) =>
    execute(
      tx,
      `with recursive numbers (number) as (select 1 union all select number + 1 from numbers where number < ${count})
       insert into deliveries (event_id, id, team_id, env_id, source_id, connection_id, destination_id, is_replay, newest,
         status, due_at_ms, enabling, attempts, claims, generation, created_at_ms)
       select ${numbered(first, "number")}, ${numbered(first, "number")}, ${idLiteral(ids.next())}, ${idLiteral(ids.next())},
         ${idLiteral(ids.next())}, ${idLiteral(ids.next())}, ${idLiteral(destinationId)}, 0, 1,
         'pending', ${claimedDueMs}, 0, 0, 1, 1, 1800000000000 from numbers`,
    ),
  );
