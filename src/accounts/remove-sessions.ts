import type { Store } from "../db/store.ts";
import { type AccountsTables, toTimeText } from "./_rows.ts";

/** Sessions of one person, at most; the oldest go first. */
const sessionsMax = 50;

/** Sessions that are over are removed this many at a time. */
const removedMax = 100;

/** Removes what is over, and what somebody has too much of: at each sign-in, so there is never much. @throws {StoreError} */
export const removeSessions = async (
  store: Pick<Store, "lookup" | "write">,
  userId: string,
  nowMs: number,
): Promise<void> => {
  const sessions = store.lookup<AccountsTables>().selectFrom("sessions").select("id").limit(removedMax);
  const [over, surplus] = await Promise.all([
    sessions.where("expires_at", "<=", toTimeText(nowMs)).execute(),
    sessions
      .where("user_id", "=", userId)
      .orderBy("created_at", "desc")
      .orderBy("id", "desc")
      .offset(sessionsMax)
      .execute(),
  ]);
  const ids = [...over, ...surplus].map(({ id }) => id);
  // Mostly there are none, and nobody has to wait for the writer.
  if (ids.length === 0) return;
  await store.write(async (tx) => {
    await tx.tables<AccountsTables>().deleteFrom("sessions").where("id", "in", ids).execute();
  });
};
