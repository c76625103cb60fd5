import type { IncomingHttpHeaders } from "node:http";

import type { Access } from "../../access/access.ts";
import type { Authentication } from "../../access/authenticate.ts";
import { readBearer } from "../../access/key-text.ts";
import type { Accounts } from "../../accounts/accounts.ts";
import type { Id } from "../../lib/ids.ts";
import { needsOrigin, originOf } from "../same-origin.ts";
import { toId } from "./_fields.ts";
import type { AuthenticateHead, ChoosePlace } from "./ports.ts";

/** What telling who asks takes. */
export type IdentifyParts = {
  readonly access: Pick<Access, "authenticateKey">;
  readonly accounts: Pick<Accounts, "authenticate">;
  readonly publicUrl: string;
};

const keysIn = ({ "x-api-key": shown, authorization }: IncomingHttpHeaders): readonly string[] =>
  [typeof shown === "string" ? shown : null, readBearer(authorization)].filter((key) => key !== null);

/**
 * Tells who asks: by `X-API-Key`, then `Authorization: Bearer`, then the cookie of a session; what is wrong leaves the next one. A
 * browser sends cookies with what other sites have it ask as well, so with whatever may change something one counts only
 * when the browser says that a page of ours asks.
 */
export const createIdentify = ({ access, accounts, publicUrl }: IdentifyParts): AuthenticateHead => {
  const publicOrigin = new URL(publicUrl).origin;
  return async ({ method, headers }, nowMs): Promise<Authentication> => {
    for (const key of keysIn(headers)) {
      const byKey = await access.authenticateKey(key, nowMs);
      if (byKey.kind === "granted") return byKey;
    }
    if (needsOrigin(method, headers) && originOf(headers, publicOrigin) !== "same") return { kind: "refused" };
    const principal = await accounts.authenticate(headers.cookie, nowMs);
    return principal === null ? { kind: "refused" } : { kind: "granted", principal };
  };
};

const isForeign = (named: string | null, own: Id): boolean => named !== null && toId(named) !== own;

/** A key has one organization and one environment; a session all environments of the organization that it is in. */
export const createChoosePlace =
  (access: Pick<Access, "findEnvironment">): ChoosePlace =>
  async (principal, { orgId, envId }) => {
    const { teamId } = principal;
    if (isForeign(orgId, teamId)) return { kind: "foreign", field: "org_id" };
    if (!isForeign(envId, principal.envId)) return { kind: "chosen", place: { teamId, envId: principal.envId } };
    const id = envId === null || principal.kind === "key" ? null : toId(envId);
    const environment = id === null ? null : await access.findEnvironment(teamId, id);
    if (environment === null) return { kind: "foreign", field: "env_id" };
    return { kind: "chosen", place: { teamId, envId: environment.id } };
  };
