import { sql } from "kysely";

import type { Store, Tx } from "../db/store.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import { type Id, type Ids, idToBytes } from "../lib/ids.ts";
import { storable } from "../lib/text.ts";
import type { Observer } from "../observe/observe.ts";
import type { Source } from "../routing/source.ts";
import type { IngestTables, RefusedRow } from "./_rows.ts";
import type { RefusedRequest } from "./read-refused.ts";

/** The last refused requests of each source that are kept, and those of all sources that wait to be written. */
export const refusedKeptMax: number = 100;
const waitingMax = 10_000;

/** How long they wait, so that a flood of them is one small transaction a second. */
const writeAfterMs = 1_000;

/** Rows of one transaction: all other writes wait for it. */
const rowsMax = 500;

const methodCharsMax = 32;

/** Writes down which requests were refused, away from the commits of events. What is lost in a crash is not missed. */
export type RefusedLog = {
  /** Costs no time and no more than its share of memory. */
  note(source: Source, request: Omit<RefusedRequest, "id" | "sourceId">): void;
  /** Writes what waits. Never rejects. */
  flush(): Promise<void>;
  stop(): Promise<void>;
};

type Parts = {
  readonly store: Pick<Store, "write">;
  readonly clock: Pick<Clock, "after">;
  readonly ids: Ids;
  readonly observer: Pick<Observer, "refusalsForgotten">;
};

type Waiting = RefusedRequest & Pick<Source, "teamId" | "envId">;

const toRow = (request: Waiting): RefusedRow => ({
  id: idToBytes(request.id),
  team_id: idToBytes(request.teamId),
  env_id: idToBytes(request.envId),
  source_id: idToBytes(request.sourceId),
  reason: request.reason,
  status: request.status,
  method: storable(request.method.slice(0, methodCharsMax)),
  sender_address: request.senderAddress,
  body_bytes: request.bodyBytes,
  received_at_ms: request.receivedAtMs,
});

const writeSome = async (tx: Tx, requests: readonly Waiting[]): Promise<void> => {
  const tables = tx.tables<IngestTables>();
  await tables.insertInto("refused_requests").values(requests.map(toRow)).execute();
  for (const sourceId of new Set(requests.map((request) => request.sourceId))) {
    const source = idToBytes(sourceId);
    await sql`delete from refused_requests where source_id = ${source} and id <= (
      select id from refused_requests where source_id = ${source} order by id desc limit 1 offset ${refusedKeptMax}
    )`.execute(tables);
  }
};

/** Makes the log of one process. */
export const createRefusedLog = ({ store, clock, ids, observer }: Parts): RefusedLog => {
  let waiting = new Map<Id, Waiting[]>();
  let waitingCount = 0;
  let timer: Timer | null = null;
  let isStopped = false;
  let writing: Promise<void> = Promise.resolve();

  const writeAll = async (all: readonly Waiting[]): Promise<void> => {
    for (let at = 0; at < all.length; at += rowsMax) {
      const some = all.slice(at, at + rowsMax);
      try {
        await store.write((tx) => writeSome(tx, some));
      } catch {
        // Nobody waits for them, and what is wrong with the store is told of by what matters.
        observer.refusalsForgotten({ count: some.length });
      }
    }
  };
  const flush = (): Promise<void> => {
    timer?.cancel();
    timer = null;
    const all = [...waiting.values()].flat();
    waiting = new Map();
    waitingCount = 0;
    writing = writing.then(() => writeAll(all));
    return writing;
  };
  return {
    note: ({ id: sourceId, teamId, envId }, request) => {
      const ofSource = waiting.get(sourceId) ?? [];
      if (isStopped || waitingCount >= waitingMax) {
        observer.refusalsForgotten({ count: 1 });
        return;
      }
      ofSource.push({ ...request, id: ids.next(), teamId, envId, sourceId });
      // Older ones would go as soon as they were written.
      if (ofSource.length > refusedKeptMax) ofSource.shift();
      else waitingCount += 1;
      waiting.set(sourceId, ofSource);
      timer ??= clock.after(writeAfterMs, () => void flush());
    },
    flush,
    stop: () => {
      isStopped = true;
      return flush();
    },
  };
};

/** Removes what is known of the refused requests of a source that is gone. At most a few hundred rows. */
export const removeRefused = async (tx: Tx, sourceId: Id): Promise<void> => {
  await tx.tables<IngestTables>().deleteFrom("refused_requests").where("source_id", "=", idToBytes(sourceId)).execute();
};
