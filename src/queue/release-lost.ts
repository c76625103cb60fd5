import { sql } from "kysely";

import type { Store, Tx } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { DeliveryRow, QueueTables } from "./_rows.ts";
import { claimedDueMs } from "./delivery.ts";
import { destinationsWithClaims } from "./read.ts";
import { givenBackSql } from "./suspect.ts";

/** What this process knows of itself, and what nobody else may be taken for. */
export type Holder = {
  /** Whether this process is what it takes itself for, and stays so until the transaction ends. */
  holds(tx: Tx): Promise<boolean>;
  isOurs(destinationId: Id): boolean;
  /** The deliveries that it has: waiting, being tried, or with an outcome that is not on disk. */
  inHand(): ReadonlySet<Id>;
};

/** Claims that one statement reads. Nobody waits for it. */
const readMax = 1_000;

/** Claims that are given back in one go: all other writes wait. */
const releasedMax = 100;

type Claim = Pick<DeliveryRow, "event_id" | "id" | "generation">;

/** The next claims of a destination, in the order of their keys. */
const readClaimed = (
  store: Pick<Store, "lookup">,
  destinationId: Id,
  after: Claim | undefined,
): Promise<readonly Claim[]> => {
  const claimed = store
    .lookup<QueueTables>()
    .selectFrom("deliveries")
    .select(["event_id", "id", "generation"])
    .where("destination_id", "=", idToBytes(destinationId))
    .where("due_at_ms", "=", claimedDueMs);
  const rest =
    after === undefined
      ? claimed
      : claimed.where(({ eb, refTuple, tuple }) =>
          eb(refTuple("event_id", "id"), ">", tuple(after.event_id, after.id)),
        );
  return rest.orderBy("event_id").orderBy("id").limit(readMax).execute();
};

const isIn = (held: ReadonlySet<Id>, { id }: Claim): boolean => held.has(idFromBytes(id));

/** Makes these due, each only as it was read: whoever took the destination over meanwhile has given it another generation. */
const release = async (tx: Tx, lost: readonly Claim[]): Promise<void> => {
  for (const { event_id, id, generation } of lost) {
    await tx
      .tables<QueueTables>()
      .updateTable("deliveries")
      .set(({ ref }) => ({ due_at_ms: ref("created_at_ms"), claims: sql<number>`${sql.raw(givenBackSql)}` }))
      .where("event_id", "=", event_id)
      .where("id", "=", id)
      .where("due_at_ms", "=", claimedDueMs)
      .where("generation", "=", generation)
      .execute();
  }
};

/**
 * Makes due what is claimed in the store for a destination of ours and in nobody's hands: the answer to the commit that
 * claimed it was lost. Claims are read while others write, and most are in hand; whether one is lost is settled in the
 * transaction that gives it back: while that holds the writer, nothing is being claimed or settled, so that what is claimed
 * there and not in hand is nobody's.
 */
export const releaseLost = async (
  store: Pick<Store, "lookup" | "write" | "cluster">,
  destinationIds: readonly Id[],
  { holds, isOurs, inHand }: Holder,
): Promise<void> => {
  const releaseSome = (destinationId: Id, some: readonly Claim[]): Promise<void> =>
    store.write(async (tx) => {
      if (!(await holds(tx)) || !isOurs(destinationId)) return;
      const held = inHand();
      await release(
        tx,
        some.filter((claim) => !isIn(held, claim)),
      );
    });
  const before = inHand();
  for (const destinationId of await destinationsWithClaims(store, destinationIds.filter(isOurs))) {
    let after: Claim | undefined;
    do {
      const claimed = await readClaimed(store, destinationId, after);
      const doubtful = claimed.filter((claim) => !isIn(before, claim));
      for (let at = 0; at < doubtful.length; at += releasedMax) {
        await releaseSome(destinationId, doubtful.slice(at, at + releasedMax));
      }
      after = claimed.length < readMax ? undefined : claimed.at(-1);
    } while (after !== undefined);
  }
};
