import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import type { Principal } from "../../access/api-key.ts";
import type { Scope } from "../../access/scopes.ts";
import { readQuery } from "../json-body.ts";
import type { Outcome, Route } from "../route.ts";
import { retryAfterSeconds, sendJson } from "../send-json.ts";
import type { Mount } from "../server.ts";
import { type AdmissionParts, admit } from "./_admit.ts";

/** Where the Krafter API begins. */
export const krafterPrefix = "/api/v1";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** Lets a request in, or answers it. */
type Admit = (request: FastifyRequest, reply: FastifyReply) => Promise<Principal | null>;

const createAdmit =
  (parts: AdmissionParts, needed: Scope | null): Admit =>
  async (request, reply) => {
    const admission = await admit(parts, request.headers.authorization, needed);
    reply.headers(admission.headers);
    if (admission.kind === "admitted") return admission.principal;
    sendJson(reply, admission.status, admission.body);
    return null;
  };

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

/** The server's parser gives an object, or nothing where no body came. */
const bodyOf = ({ body }: FastifyRequest): Readonly<Record<string, unknown>> =>
  typeof body === "object" && body !== null ? { ...body } : {};

/** Admission comes before the body is read: strangers' bodies are not worth the memory. */
const addRoute = (api: FastifyInstance, parts: AdmissionParts, route: Route<Scope>): void => {
  const admitCaller = createAdmit(parts, route.scope);
  const principals = new WeakMap<FastifyRequest, Principal>();
  api.route({
    method: route.method,
    url: route.path,
    onRequest: async (request, reply) => {
      const principal = await admitCaller(request, reply);
      if (principal === null) return reply;
      principals.set(request, principal);
    },
    handler: async (request, reply) => {
      const principal = principals.get(request);
      if (principal === undefined) throw new Error("a request reached its route without being admitted");
      const { teamId, envId } = principal;
      const outcome = await route.run({
        owner: { teamId, envId },
        params: request.params,
        query: readQuery(request.query),
        body: bodyOf(request),
      });
      return sendOutcome(reply, outcome);
    },
  });
};

/** What a path answers to methods that it does not have. */
const addOtherMethods = (
  api: FastifyInstance,
  parts: AdmissionParts,
  { path, here }: { path: string; here: ReadonlySet<string> },
): void => {
  const head = here.has("GET") ? ["HEAD"] : [];
  const allow = [...methods.filter((method) => here.has(method)), ...head, "OPTIONS"].join(", ");
  const others = methods.filter((method) => !here.has(method));
  const admitCaller = createAdmit(parts, null);
  api.route({
    method: here.has("GET") ? others : [...others, "HEAD"],
    url: path,
    onRequest: async (request, reply) => {
      if ((await admitCaller(request, reply)) === null) return reply;
      return sendJson(reply.header("allow", allow), 405, { error: "Method not allowed" });
    },
    handler: (_request, reply) => reply,
  });
  // Asked by tools, before they have a key to show. Browsers get no permission: keys do not belong there.
  const tellMethods = (_request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    reply.code(204).header("allow", allow).send();
  api.route({
    method: "OPTIONS",
    url: path,
    onRequest: async (request, reply) => tellMethods(request, reply),
    handler: tellMethods,
  });
};

const addRoutes = (api: FastifyInstance, parts: AdmissionParts, routes: readonly Route<Scope>[]): void => {
  const admitCaller = createAdmit(parts, null);
  api.addHook("onRequest", async (request, reply) => {
    if (!request.is404) return;
    if ((await admitCaller(request, reply)) !== null) sendOutcome(reply, { kind: "not_found" });
    return reply;
  });
  api.setNotFoundHandler((_request, reply) => sendOutcome(reply, { kind: "not_found" }));
  for (const route of routes) addRoute(api, parts, route);
  for (const path of new Set(routes.map((route) => route.path))) {
    const here = new Set<string>(routes.filter((route) => route.path === path).map(({ method }) => method));
    addOtherMethods(api, parts, { path, here });
  }
};

/** Adds the Krafter API to a server. */
export const mountKrafter =
  (parts: AdmissionParts, routes: readonly Route<Scope>[]): Mount =>
  (app) => {
    app.register(async (api) => addRoutes(api, parts, routes), { prefix: krafterPrefix });
  };
