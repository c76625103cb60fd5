import { createHash } from "node:crypto";

import { ensurePlace } from "../access/place.ts";
import { fromRoleText } from "../access/role.ts";
import type { Store, Tx } from "../db/store.ts";
import type { Clock } from "../lib/clock.ts";
import { type Ids, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { Random } from "../lib/random.ts";
import type { AccountsTables } from "./_rows.ts";
import type { Membership } from "./member.ts";

/** How long an invitation can be taken up. */
export const invitationMs: number = 60 * 60 * 1000;

/** Those that are over are kept this long, so that whoever comes late is told why. */
const keptMs = 30 * 24 * 60 * 60 * 1000;

const tokenBytes = 32;
const tokenPattern = /^[\w-]{43}$/;

/** An invitation that was made. Nobody can see the token again: its hash is kept. */
export type Invited = { readonly token: string; readonly expiresAtMs: number };

/** What an invitation is worth. */
export type InvitationStanding =
  | { readonly kind: "open"; readonly membership: Membership }
  | { readonly kind: "not_found" | "expired" | "used" };

export type InvitationParts = {
  readonly store: Pick<Store, "write">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly ids: Ids;
  readonly random: Pick<Random, "bytes">;
};

/** A plain hash is enough for 256 random bits. */
const hashOf = (token: string): Buffer => createHash("sha256").update(token).digest();

/**
 * Invites an owner to a team, which is made when there is none of this name (null: the default team). Whoever has the token first is
 * the one. @throws {StoreError}
 */
export const inviteOwner = async (
  { store, clock, ids, random }: InvitationParts,
  team: string | null,
): Promise<Invited> => {
  const token = random.bytes(tokenBytes).toString("base64url");
  const nowMs = clock.nowMs();
  const expiresAtMs = nowMs + invitationMs;
  await store.write(async (tx) => {
    const { teamId } = await ensurePlace(tx, { team, env: null }, { ids, nowMs });
    const tables = tx.tables<AccountsTables>();
    await tables
      .deleteFrom("invitations")
      .where("expires_at_ms", "<", nowMs - keptMs)
      .execute();
    await tables
      .insertInto("invitations")
      .values({
        id: idToBytes(ids.next()),
        team_id: idToBytes(teamId),
        role: "owner",
        token_hash: hashOf(token),
        created_at_ms: nowMs,
        expires_at_ms: expiresAtMs,
        used_at_ms: null,
        used_by: null,
      })
      .execute();
    // Two that name the same new team make one of it.
  }, "access");
  return { token, expiresAtMs };
};

/** Tells what an invitation is worth now, here or within a transaction. @throws {StoreError} */
export const readInvitation = async (
  { lookup }: Pick<Store, "lookup">,
  token: string,
  nowMs: number,
): Promise<InvitationStanding> => {
  if (!tokenPattern.test(token)) return { kind: "not_found" };
  const row = await lookup<AccountsTables>()
    .selectFrom("invitations")
    .select(["team_id", "role", "expires_at_ms", "used_at_ms"])
    .where("token_hash", "=", hashOf(token))
    .executeTakeFirst();
  if (row === undefined) return { kind: "not_found" };
  if (row.used_at_ms !== null) return { kind: "used" };
  if (row.expires_at_ms <= nowMs) return { kind: "expired" };
  return { kind: "open", membership: { teamId: idFromBytes(row.team_id), role: fromRoleText(row.role) } };
};

/** Uses an invitation up. False: somebody was faster. */
export const useInvitation = async (tx: Tx, token: string, by: { userId: string; nowMs: number }): Promise<boolean> => {
  const { numUpdatedRows } = await tx
    .tables<AccountsTables>()
    .updateTable("invitations")
    .set({ used_at_ms: by.nowMs, used_by: by.userId })
    .where("token_hash", "=", hashOf(token))
    .where("used_at_ms", "is", null)
    .where("expires_at_ms", ">", by.nowMs)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
};
