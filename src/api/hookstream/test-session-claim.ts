import { z } from "zod";

import { claimSource } from "../../routing/claim-source.ts";
import { noFields } from "../fields.ts";
import { defineRoute, findNothing } from "./_define-route.ts";
import { exampleSource } from "./_examples.ts";
import { idField, placeFields } from "./_fields.ts";
import { findSession, sessionNames, withToken, sessionRefusals } from "./_found-test-session.ts";
import { type ShowParts, showSource } from "./_shown-source.ts";
import { fullOutcome } from "./_source-limits.ts";
import { wireSource } from "./_source-wire.ts";
import type { HookstreamParts } from "./parts.ts";
import type { TestSessionPort } from "./ports.ts";
import { answer, notFound, type Route } from "./route.ts";

/** What this route uses. */
export type ClaimParts = ShowParts &
  Pick<HookstreamParts, "routing" | "choosePlace" | "freshen" | "access"> & {
    readonly testSessions: Pick<TestSessionPort, "moveStored">;
  };

/** The route that makes a session somebody's source. */
export const testSessionClaimRoutes = (parts: ClaimParts): readonly Route[] => [
  defineRoute(parts, {
    ...sessionNames,
    method: "POST",
    path: "/test/sessions/:id/claim",
    scope: "webhooks:write",
    summary: "Claim a test session",
    description:
      "Makes it a source of the environment, with all that it received and the same URL. It expires no more, and answers " +
      `as other sources do. ${withToken}`,
    params: z.object({ id: idField }),
    query: noFields,
    body: z.object(placeFields),
    answers: {
      200: {
        description: "The source.",
        body: z.object({ source: wireSource }),
        example: { source: exampleSource },
      },
    },
    refusals: sessionRefusals,
    find: findNothing,
    handle: async ({ owner, params, head }) => {
      const found = await findSession(parts, params.id, head);
      if (found.kind === "refused") return found.outcome;
      const { maxSources } = await parts.access.limitsOf(owner.teamId);
      const claimed = await claimSource(parts.routing, {
        sourceId: params.id,
        place: owner,
        limits: { teamSourcesMax: maxSources },
        alsoMove: parts.testSessions.moveStored,
      });
      switch (claimed.kind) {
        case "claimed":
          return answer(200, { source: await showSource(parts, claimed.source) });
        case "not_found":
          return notFound(sessionNames.names);
        case "limit_reached":
          return fullOutcome[claimed.of];
      }
    },
  }),
];
