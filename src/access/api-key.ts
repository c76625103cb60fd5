import type { Id } from "../lib/ids.ts";
import type { Role } from "./role.ts";
import type { Scopes } from "./scopes.ts";

/** The team and environment that own what is made or read. */
export type Place = { readonly teamId: Id; readonly envId: Id };

/** Whoever asks with a key, and what they may do. */
export type KeyPrincipal = Place & {
  readonly kind: "key";
  readonly keyId: Id;
  readonly scopes: Scopes;
  /** When the key stops to count. Null: never. */
  readonly expiresAtMs: number | null;
};

/** Whoever has signed in, and what they may do: as a member of one of their teams, in one of its environments. */
export type SessionPrincipal = Place & {
  readonly kind: "session";
  readonly userId: string;
  readonly role: Role;
  readonly scopes: Scopes;
  /** What people may do does not end with their session, so neither do the keys that they make. */
  readonly expiresAtMs: null;
};

/** Who asks, and what they may do. */
export type Principal = KeyPrincipal | SessionPrincipal;

/** A key as people manage it: all but the key itself, which nobody can show again. */
export type ApiKey = Place & {
  readonly id: Id;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: Scopes;
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly createdAtMs: number;
};

/** What a key counts as at a moment. A key expires at its time, not after it. */
export const keyStateAt = (
  { expiresAtMs, revokedAtMs }: Pick<ApiKey, "expiresAtMs" | "revokedAtMs">,
  nowMs: number,
): "active" | "expired" | "revoked" => {
  if (revokedAtMs !== null) return "revoked";
  return expiresAtMs !== null && expiresAtMs <= nowMs ? "expired" : "active";
};
