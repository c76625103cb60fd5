import type { FastifyReply, FastifyRequest } from "fastify";

import type { Principal } from "../../access/api-key.ts";
import { senderAddressOf } from "../../ingest/sender-address.ts";
import { parseExactJson } from "../../lib/exact-json.ts";
import type { ErrorShape } from "../error-shape.ts";
import { readQuery } from "../json-body.ts";
import { readManagementBody } from "../management-body.ts";
import { type Asked, bodyOf, mountRoutes, type Reception } from "../mount-routes.ts";
import { retryAfterSeconds, sendJson } from "../send-json.ts";
import type { Mount } from "../server.ts";
import { type AdmissionParts, admit } from "./_admit.ts";
import type { RequestHead } from "./ports.ts";
import type { Needed, Outcome, Route } from "./route.ts";

/** Where the hookstream API begins. */
export const hookstreamPrefix = "/v1";

const idHeader = "x-request-id";

/** The id that the server gave the request, as this API writes it. */
const requestIdOf = (reply: FastifyReply): string => {
  const given = String(reply.raw.getHeader(idHeader) ?? "");
  return given.startsWith("req_") ? given : `req_${given.replaceAll("-", "")}`;
};

const sendError = (reply: FastifyReply, status: number, error: string): FastifyReply => {
  const requestId = requestIdOf(reply);
  return sendJson(reply.header(idHeader, requestId), status, { error, status, request_id: requestId });
};

/** Errors of this API, wherever in the server they come from. */
export const hookstreamErrors: ErrorShape = { prefix: hookstreamPrefix, sendError };

/** What a path asks of those who use a method that it does not have: no more than what it has asks. */
const neededFor = (asked: Asked<Route>): Needed => {
  switch (asked.kind) {
    case "route":
      return asked.route.scope;
    case "other_method":
      return asked.routes.some(({ scope }) => scope === "open") ? "open" : "signed_in";
    case "nowhere":
      return "signed_in";
  }
};

const headOf = ({ trustedProxies }: AdmissionParts, { raw }: FastifyRequest): RequestHead => {
  const { method = "GET", headers, socket } = raw;
  const forwardedFor = [headers["x-forwarded-for"] ?? []].flat();
  return { method, headers, address: senderAddressOf(socket.remoteAddress, forwardedFor, trustedProxies) };
};

const sendOutcome = (reply: FastifyReply, outcome: Outcome): FastifyReply => {
  switch (outcome.kind) {
    case "answer":
      for (const [name, value] of Object.entries(outcome.headers ?? {})) reply.header(name, value);
      return sendJson(reply, outcome.status, outcome.body);
    case "refused": {
      const { status, error, retryAfterSeconds: wait } = outcome;
      if (wait !== undefined) reply.header("retry-after", String(wait));
      else if (status === 503) reply.header("retry-after", retryAfterSeconds);
      return sendError(reply, status, error);
    }
  }
};

type Caller = { readonly principal: Principal | null; readonly head: RequestHead };

const letIn = async (
  parts: AdmissionParts,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  needed: Needed,
): Promise<Caller | null> => {
  const head = headOf(parts, request);
  const admission = await admit(parts, head, needed);
  reply.headers(admission.headers);
  if (admission.kind === "admitted") return { principal: admission.principal, head };
  sendError(reply, admission.status, admission.error);
  return null;
};

const reception = (parts: AdmissionParts): Reception<Route, Caller> => ({
  prefix: hookstreamPrefix,
  prepare: (api) => {
    api.removeAllContentTypeParsers();
    api.addContentTypeParser("*", (_request: unknown, body: FastifyRequest["raw"]) =>
      readManagementBody(body, parseExactJson),
    );
    api.addHook("onRequest", async (_request, reply) => {
      reply.header(idHeader, requestIdOf(reply));
    });
  },
  admit: (request, reply, asked) => letIn(parts, { request, reply }, neededFor(asked)),
  admitQuestion: async (request, reply) => (await letIn(parts, { request, reply }, "open")) !== null,
  serve: async ({ route, caller, request, reply }) => {
    const outcome = await route.run({
      ...caller,
      params: request.params,
      query: readQuery(request.query),
      body: bodyOf(request),
    });
    return sendOutcome(reply, outcome);
  },
  sendNotFound: (reply) => sendError(reply, 404, "Not found"),
  sendMethodNotAllowed: (reply) => sendError(reply, 405, "Method not allowed"),
});

/** Adds the hookstream API to a server. */
export const mountHookstream = (parts: AdmissionParts, routes: readonly Route[]): Mount =>
  mountRoutes(reception(parts), routes);
