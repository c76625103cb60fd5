import type { Store } from "../db/store.ts";
import { type Clock, wait } from "../lib/clock.ts";
import { type Id, idFromBytes, type Ids, idToBytes } from "../lib/ids.ts";
import { fromOpenRow, isSettled, type OpenReplay, type ReplayRow, type ReplayTables } from "./_rows.ts";
import { resumedMax } from "./limits.ts";
import type { ReplayKey } from "./read-replays.ts";
import { newReplay, recordIn, type Recorded, type RecordParts } from "./record-replay.ts";
import type { ReplayScope } from "./replay.ts";
import { countRest, leftBy } from "./rest.ts";
import type { InTurn } from "./turns.ts";

/** With which bulk replay to go on. */
export type ResumeWish = ReplayKey & {
  /** Events per second. Default: as the one that was cut off had it. */
  readonly ratePerSecond?: number | null | undefined;
};

/** What came of it. */
export type ResumeOutcome =
  | Recorded
  | { readonly kind: "not_found" }
  /** It runs, or has taken all of its events: it was not cut off. */
  | { readonly kind: "running" }
  | { readonly kind: "completed" }
  /** It was cancelled a moment ago, and attempts are under way whose outcome decides what is left. */
  | { readonly kind: "ending" }
  /** Another one goes on with it. */
  | { readonly kind: "resumed"; readonly by: Id }
  /** So many in a row were cut off before they had sent what those before them left. */
  | { readonly kind: "cut_too_often"; readonly max: number };

/** What going on with bulk replays needs. */
export type ResumeParts = RecordParts & {
  readonly store: Pick<Store, "list" | "lookup" | "write">;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly inTurn: InTurn;
  readonly lookedAtMax: number;
};

/** How long a request waits for what a cancelled replay had under way: for most receivers that is plenty. */
const endingMsMax = 2_000;
const lookMs = 20;

const read = (
  { store }: Pick<ResumeParts, "store">,
  { teamId, envId }: ReplayScope,
  { sourceId, replayId }: ReplayKey,
): Promise<ReplayRow | undefined> =>
  store
    .lookup<ReplayTables>()
    .selectFrom("replays")
    .selectAll()
    .where("id", "=", idToBytes(replayId))
    .where("source_id", "=", idToBytes(sourceId))
    .where("team_id", "=", idToBytes(teamId))
    .where("env_id", "=", idToBytes(envId))
    .executeTakeFirst();

/** Where a cancelled replay is, and what it leaves, is certain once its last delivery has ended. */
const isEnding = (row: ReplayRow): boolean => row.status === "cancelled" && !isSettled(row);

/** The same once what was under way has ended, or that takes too long. */
const readEnded = async (parts: ResumeParts, scope: ReplayScope, key: ReplayKey): Promise<ReplayRow | undefined> => {
  const deadlineMs = parts.clock.monotonicMs() + endingMsMax;
  for (;;) {
    const row = await read(parts, scope, key);
    if (row === undefined || !isEnding(row) || parts.clock.monotonicMs() >= deadlineMs) return row;
    await wait(parts.clock, lookMs);
  }
};

/** Why it cannot be gone on with; null: it can. */
const obstacle = (row: ReplayRow): Exclude<ResumeOutcome, Recorded> | null => {
  if (row.resumed_by !== null) return { kind: "resumed", by: idFromBytes(row.resumed_by) };
  if (row.status === "running" || row.status === "completed") return { kind: row.status };
  return isEnding(row) ? { kind: "ending" } : null;
};

/** Records the one that goes on, unless another one does by now. */
const take = (parts: ResumeParts, origin: Id, open: OpenReplay, total: number): Promise<ResumeOutcome> =>
  parts.store.write(async (tx): Promise<ResumeOutcome> => {
    const tables = tx.tables<ReplayTables>();
    const id = idToBytes(origin);
    const row = await tables.selectFrom("replays").select("resumed_by").where("id", "=", id).executeTakeFirst();
    if (row === undefined) return { kind: "not_found" };
    if (row.resumed_by !== null) return { kind: "resumed", by: idFromBytes(row.resumed_by) };
    const recorded = await recordIn(tx, parts, open, total);
    if (recorded.kind === "started") {
      await tables
        .updateTable("replays")
        .set({ resumed_by: idToBytes(open.id) })
        .where("id", "=", id)
        .execute();
    }
    return recorded;
  }, "replays");

/**
 * Makes a bulk replay that goes on where one was cut off, by hand or by failures: with what was cancelled of it, and with all
 * that it had not come to. Each can be gone on with once, so nobody gets its events twice; the one that does so can be
 * cut off and gone on with in its turn.
 */
export const resumeReplay = async (
  parts: ResumeParts,
  scope: ReplayScope,
  { ratePerSecond, ...key }: ResumeWish,
): Promise<ResumeOutcome> => {
  const row = await readEnded(parts, scope, key);
  if (row === undefined) return { kind: "not_found" };
  const hindered = obstacle(row);
  if (hindered !== null) return hindered;
  const origin = fromOpenRow(row);
  const leftovers = leftBy(origin);
  if ((leftovers?.replayIds.length ?? 0) > resumedMax) return { kind: "cut_too_often", max: resumedMax };
  const { teamId, envId, sourceId, road, filter, upperId } = origin;
  const own = { teamId, envId, sourceId, road, filter, upperId };
  const rate = ratePerSecond === undefined ? origin.ratePerSecond : ratePerSecond;
  const open = { ...newReplay({ ...own, id: parts.ids.next(), ratePerSecond: rate }), resumes: origin.id, leftovers };
  const total = await parts.inTurn(() => countRest(parts.store, open, parts.lookedAtMax));
  return take(parts, origin.id, open, total);
};
