import type { Access } from "../access/access.ts";
import type { Place } from "../access/api-key.ts";
import type { Scopes } from "../access/scopes.ts";
import type { Store } from "../db/store.ts";
import type { Id } from "../lib/ids.ts";
import type { AccountsTables } from "./_rows.ts";
import { type Membership, membershipsOf } from "./member.ts";
import { type Role, scopesOf } from "./role.ts";

/** Somebody who has signed in, and what they may do: as a member of one of their teams, in one of its environments. */
export type SessionPrincipal = Place & {
  readonly kind: "session";
  readonly userId: string;
  readonly role: Role;
  readonly scopes: Scopes;
  /** Null: what people may do does not end with their session, so neither do the keys that they make. */
  readonly expiresAtMs: null;
};

/** Which of their teams and environments somebody means. Null: the one that they are in. */
export type PlaceWish = { readonly teamId: Id | null; readonly envId: Id | null };

/** What sessions are resolved with. */
export type SessionParts = {
  readonly store: Pick<Store, "lookup">;
  readonly access: Pick<Access, "findEnvironment">;
};

const principalOf = async (
  { access }: SessionParts,
  userId: string,
  { membership: { teamId, role }, envId }: { membership: Membership; envId: Id | null },
): Promise<SessionPrincipal | null> => {
  const environment = await access.findEnvironment(teamId, envId);
  if (environment === null) return null;
  return {
    kind: "session",
    userId,
    teamId,
    envId: environment.id,
    role,
    scopes: scopesOf(role),
    expiresAtMs: null,
  };
};

/** Whose session this is: in the team that they joined first, in its default environment. Null: it is over. @throws {StoreError} */
export const findSession = async (
  parts: SessionParts,
  token: string,
  nowMs: number,
): Promise<SessionPrincipal | null> => {
  const row = await parts.store
    .lookup<AccountsTables>()
    .selectFrom("sessions")
    .select(["user_id", "expires_at"])
    .where("token", "=", token)
    .executeTakeFirst();
  if (row === undefined || Date.parse(row.expires_at) <= nowMs) return null;
  const [membership] = await membershipsOf(parts.store, row.user_id);
  return membership === undefined ? null : principalOf(parts, row.user_id, { membership, envId: null });
};

/** The same person elsewhere. Null: they do not belong there, or it does not exist. @throws {StoreError} */
export const moveTo = async (
  parts: SessionParts,
  session: SessionPrincipal,
  { teamId, envId }: PlaceWish,
): Promise<SessionPrincipal | null> => {
  if ((teamId ?? session.teamId) === session.teamId && (envId ?? session.envId) === session.envId) return session;
  const memberships = await membershipsOf(parts.store, session.userId);
  const membership = memberships.find((each) => each.teamId === (teamId ?? session.teamId));
  return membership === undefined ? null : principalOf(parts, session.userId, { membership, envId });
};
