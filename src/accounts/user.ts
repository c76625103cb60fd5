import type { Kysely } from "kysely";

import type { Store, Tx } from "../db/store.ts";
import type { Ids } from "../lib/ids.ts";
import { type AccountsTables, toTimeText } from "./_rows.ts";

/** Somebody who signs in. */
export type User = { readonly id: string; readonly name: string; readonly email: string };

/** Somebody, and what is kept of their password; null: they have none. */
export type KnownUser = User & { readonly passwordHash: string | null };

/** Somebody who is not known yet, and the id that they are to have. */
export type NewUser = User & { readonly passwordHash: string };

/** What better-auth calls signing in by address and password. */
const passwordProvider = "credential";

/** As addresses are kept: capitals make no difference to anybody's mail. */
const toStoredEmail = (email: string): string => email.toLowerCase();

/** Finds somebody by their address, here or within a transaction. @throws {StoreError} */
export const findUserByEmail = async (tables: Kysely<AccountsTables>, email: string): Promise<KnownUser | null> => {
  const row = await tables
    .selectFrom("users")
    .leftJoin("credentials", (join) =>
      join.onRef("credentials.user_id", "=", "users.id").on("credentials.provider_id", "=", passwordProvider),
    )
    .select(["users.id", "users.name", "users.email", "credentials.password"])
    .where("users.email", "=", toStoredEmail(email))
    .executeTakeFirst();
  return row === undefined ? null : { id: row.id, name: row.name, email: row.email, passwordHash: row.password };
};

/** Finds somebody by id. @throws {StoreError} */
export const findUser = async (store: Pick<Store, "lookup">, id: string): Promise<User | null> => {
  const row = await store
    .lookup<AccountsTables>()
    .selectFrom("users")
    .select(["id", "name", "email"])
    .where("id", "=", id)
    .executeTakeFirst();
  return row ?? null;
};

/** Adds somebody, and the password that they sign in with, in the rows that better-auth reads. Nobody has their address. */
export const addUser = async (
  tx: Tx,
  { id, name, email, passwordHash }: NewUser,
  { ids, nowMs }: { ids: Ids; nowMs: number },
): Promise<void> => {
  const times = { created_at: toTimeText(nowMs), updated_at: toTimeText(nowMs) };
  const tables = tx.tables<AccountsTables>();
  await tables
    .insertInto("users")
    .values({ ...times, id, name, email: toStoredEmail(email), email_verified: 0, image: null })
    .execute();
  await tables
    .insertInto("credentials")
    .values({
      ...times,
      id: ids.next(),
      user_id: id,
      account_id: id,
      provider_id: passwordProvider,
      password: passwordHash,
    })
    .execute();
};
