import type { Store } from "../db/store.ts";
import { type AccountsTables, toTimeText } from "./_rows.ts";

/** Sessions of one person, at most; the oldest go first. */
const sessionsMax = 50;

/** Sessions that are over are removed this many at a time. */
const removedMax = 100;

/** Removes what is over, and what somebody has too much of: at each sign-in, so there is never much. @throws {StoreError} */
export const removeSessions = (store: Pick<Store, "write">, userId: string, nowMs: number): Promise<void> =>
  store.write(async (tx) => {
    const tables = tx.tables<AccountsTables>();
    const over = tables
      .selectFrom("sessions")
      .select("id")
      .where("expires_at", "<=", toTimeText(nowMs))
      .limit(removedMax);
    await tables.deleteFrom("sessions").where("id", "in", over).execute();
    const surplus = await tables
      .selectFrom("sessions")
      .select("id")
      .where("user_id", "=", userId)
      .orderBy("created_at", "desc")
      .orderBy("id", "desc")
      .offset(sessionsMax)
      .limit(removedMax)
      .execute();
    if (surplus.length === 0) return;
    await tables
      .deleteFrom("sessions")
      .where(
        "id",
        "in",
        surplus.map(({ id }) => id),
      )
      .execute();
  });
