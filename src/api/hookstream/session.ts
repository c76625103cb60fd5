import { z } from "zod";

import type { Access } from "../../access/access.ts";
import type { Principal } from "../../access/api-key.ts";
import type { Accounts, OwnSession } from "../../accounts/accounts.ts";
import type { Clock } from "../../lib/clock.ts";
import { noFields } from "../fields.ts";
import { defineRoute, findNothing } from "./_define-route.ts";
import { idField, toWireId, wireId } from "./_fields.ts";
import { toWireEnvironment, toWireUser, wireEnvironment, wireRole, wireUser } from "./_people-wire.ts";
import type { HookstreamParts } from "./parts.ts";
import { answer, forbidden, type Outcome, type Route } from "./route.ts";

/** What these routes use. */
export type SessionParts = Pick<HookstreamParts, "choosePlace"> & {
  readonly access: Pick<Access, "listEnvironments" | "teamName">;
  readonly accounts: Pick<Accounts, "readSession" | "chooseTeam" | "signOut">;
  readonly clock: Pick<Clock, "nowMs">;
};

const tag = "People";
const names = "Session";

const wireSession = z.object({
  user: wireUser,
  session: z.object({ org_id: wireId, env_id: wireId, role: wireRole }),
  organizations: z.array(z.object({ id: wireId, name: z.string(), role: wireRole })),
  environments: z.array(wireEnvironment).describe("Those of the organization that the session acts in."),
});

const success = z.object({ success: z.literal(true) });

const toWireSession = async (
  { access }: SessionParts,
  { user, principal, memberships }: OwnSession,
): Promise<z.output<typeof wireSession>> => {
  const environments = await access.listEnvironments(principal.teamId);
  return {
    user: toWireUser(user),
    session: { org_id: toWireId(principal.teamId), env_id: toWireId(principal.envId), role: principal.role },
    organizations: await Promise.all(
      memberships.map(async ({ teamId, role }) => ({
        id: toWireId(teamId),
        name: (await access.teamName(teamId)) ?? "",
        role,
      })),
    ),
    environments: environments.map(toWireEnvironment),
  };
};

const ofPeople = forbidden("Forbidden: this takes a session, and a key has none");

/** What only a session can be asked. */
const forSessions =
  <Request extends { readonly principal: Principal }>(
    handle: (request: Request) => Promise<Outcome>,
  ): ((request: Request) => Promise<Outcome>) =>
  async (request) =>
    request.principal.kind === "session" ? handle(request) : ofPeople;

const read = (parts: SessionParts): Route =>
  defineRoute(parts, {
    method: "GET",
    path: "/auth/get-session",
    scope: "signed_in",
    tag,
    summary: "Get the session",
    description: "Who is signed in, and where. A session that is used goes on; after a week without it is over.",
    params: noFields,
    query: noFields,
    body: noFields,
    answers: { 200: { description: "The session.", body: wireSession } },
    names,
    find: findNothing,
    handle: forSessions(async ({ head }) => {
      const session = await parts.accounts.readSession(head.headers.cookie, parts.clock.nowMs());
      if (session === null) return { kind: "refused", status: 401, error: "The session is over" };
      return answer(200, await toWireSession(parts, session), { "set-cookie": [...session.cookies] });
    }),
  });

const choose = (parts: SessionParts): Route =>
  defineRoute(parts, {
    method: "POST",
    path: "/auth/organization/set-active",
    scope: "signed_in",
    tag,
    summary: "Go to another organization",
    description: "From now on the session acts there, as what its holder is there.",
    params: noFields,
    query: noFields,
    body: z.object({ organization_id: idField }),
    bodyExample: { organization_id: "019dc7f52b407c3e9d513f6b0a8e4c27" },
    answers: { 200: { description: "The session acts there.", body: success } },
    names,
    find: findNothing,
    handle: forSessions(async ({ head, body }) => {
      const { cookie } = head.headers;
      const isChosen = await parts.accounts.chooseTeam(cookie, body.organization_id, parts.clock.nowMs());
      return isChosen
        ? answer(200, { success: true })
        : forbidden("Forbidden: 'organization_id' is not an organization of yours");
    }),
  });

const leave = (parts: SessionParts): Route =>
  defineRoute(parts, {
    method: "POST",
    path: "/auth/sign-out",
    scope: "signed_in",
    tag,
    summary: "Sign out",
    description: "The session is over, wherever its cookie went.",
    params: noFields,
    query: noFields,
    body: noFields,
    answers: { 200: { description: "Signed out.", body: success } },
    names,
    find: findNothing,
    handle: forSessions(async ({ head }) => {
      const cookies = await parts.accounts.signOut(head.headers.cookie);
      return answer(200, { success: true }, { "set-cookie": [...cookies] });
    }),
  });

/** The routes of whoever has signed in. */
export const sessionRoutes = (parts: SessionParts): readonly Route[] => [read(parts), choose(parts), leave(parts)];
