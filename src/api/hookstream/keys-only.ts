import type { Authenticate } from "../../access/authenticate.ts";
import type { Id } from "../../lib/ids.ts";
import { toId } from "./_fields.ts";
import type { AuthenticateHead, ChoosePlace } from "./ports.ts";

/** Tells who asks by an API key: in `X-API-Key`, or else in `Authorization`. */
export const authenticateKeys =
  (authenticate: Authenticate): AuthenticateHead =>
  async ({ headers }, nowMs) => {
    const shown = headers["x-api-key"];
    const byHeader = await authenticate(shown === undefined ? undefined : `Bearer ${String(shown)}`, nowMs);
    return byHeader.kind === "granted" ? byHeader : authenticate(headers.authorization, nowMs);
  };

const isForeign = (named: string | null, own: Id): boolean => named !== null && toId(named) !== own;

/** A key has one organization and one environment. */
export const placeOfKey: ChoosePlace = async ({ teamId, envId }, wish) => {
  if (isForeign(wish.orgId, teamId)) return { kind: "foreign", field: "org_id" };
  if (isForeign(wish.envId, envId)) return { kind: "foreign", field: "env_id" };
  return { kind: "chosen", place: { teamId, envId } };
};
