import type { FastifyReply } from "fastify";

import type { Principal } from "../../access/api-key.ts";
import type { Scope } from "../../access/scopes.ts";
import { readQuery } from "../json-body.ts";
import { type Asked, bodyOf, mountRoutes, type Reception } from "../mount-routes.ts";
import type { Outcome, Route } from "../route.ts";
import { retryAfterSeconds, sendJson } from "../send-json.ts";
import type { Mount } from "../server.ts";
import { type AdmissionParts, admit } from "./_admit.ts";

/** Where the Krafter API begins. */
export const krafterPrefix = "/api/v1";

const neededFor = (asked: Asked<Route<Scope>>): Scope | null => (asked.kind === "route" ? asked.route.scope : null);

const sendOutcome = (reply: FastifyReply, outcome: Outcome): FastifyReply => {
  switch (outcome.kind) {
    case "answer":
      return sendJson(reply, outcome.status, outcome.body);
    case "not_found":
      return sendJson(reply, 404, { error: "Not found" });
    case "invalid":
      return sendJson(reply, 422, { error: "Validation failed", details: outcome.details });
    case "unavailable":
      return sendJson(reply.header("retry-after", retryAfterSeconds), 503, { error: outcome.error });
  }
};

const reception = (parts: AdmissionParts): Reception<Route<Scope>, Principal> => ({
  prefix: krafterPrefix,
  admit: async (request, reply, asked) => {
    const admission = await admit(parts, request.headers.authorization, neededFor(asked));
    reply.headers(admission.headers);
    if (admission.kind === "admitted") return admission.principal;
    sendJson(reply, admission.status, admission.body);
    return null;
  },
  serve: async ({ route, caller: { teamId, envId }, request, reply }) => {
    const outcome = await route.run({
      owner: { teamId, envId },
      params: request.params,
      query: readQuery(request.query),
      body: bodyOf(request),
    });
    return sendOutcome(reply, outcome);
  },
  sendNotFound: (reply) => sendOutcome(reply, { kind: "not_found" }),
  sendMethodNotAllowed: (reply) => sendJson(reply, 405, { error: "Method not allowed" }),
});

/** Adds the Krafter API to a server. */
export const mountKrafter = (parts: AdmissionParts, routes: readonly Route<Scope>[]): Mount =>
  mountRoutes(reception(parts), routes);
