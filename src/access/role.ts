import type { Scopes } from "./scopes.ts";

/** What somebody is in a team: the one who answers for it, one who runs it, one who works in it. */
export const roleNames = ["owner", "admin", "member"] as const;

export type Role = (typeof roleNames)[number];

/** Reads a row's role. One that this version does not know may do the least. */
export const fromRoleText = (text: string): Role => roleNames.find((role) => role === text) ?? "member";

/** What a session may do by its holder's role. Keys and environments take `*`. */
export const scopesOf = (role: Role): Scopes =>
  role === "member" ? ["webhooks:read", "webhooks:write", "push:read", "push:write"] : ["*"];

/** Whether `role` lets its holder do all that `other` does. */
export const isAtLeast = (role: Role, other: Role): boolean => roleNames.indexOf(role) <= roleNames.indexOf(other);
