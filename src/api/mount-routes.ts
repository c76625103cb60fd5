import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import type { RouteInfo } from "./route.ts";
import type { Mount } from "./server.ts";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** What a request asks for: a route, a method that its path does not have, or a path that leads nowhere. */
export type Asked<Route> =
  | { readonly kind: "route"; readonly route: Route }
  | { readonly kind: "other_method"; readonly routes: readonly Route[] }
  | { readonly kind: "nowhere" };

/** How a dialect treats requests. */
export type Reception<Route extends RouteInfo, Caller> = {
  /** What all paths begin with. */
  readonly prefix: string;
  /** Lets a request in before its body is read, or answers it and gives null: strangers' bodies are not worth the memory. */
  admit(request: FastifyRequest, reply: FastifyReply, asked: Asked<Route>): Promise<Caller | null>;
  /** Answers a request that was let in. */
  serve(call: { route: Route; caller: Caller; request: FastifyRequest; reply: FastifyReply }): Promise<FastifyReply>;
  /** Lets a question for a path's methods in, which needs no key, or answers it and gives false. Default: all are let in. */
  admitQuestion?(request: FastifyRequest, reply: FastifyReply): Promise<boolean>;
  /** Says that a path leads nowhere. */
  sendNotFound(reply: FastifyReply): FastifyReply;
  /** Says that a path has no such method. The header that tells which it has is there. */
  sendMethodNotAllowed(reply: FastifyReply): FastifyReply;
  /** What else is to be set up: a parser, a hook. */
  prepare?(api: FastifyInstance): void;
};

/** The server's parser gives an object, or nothing where no body came. */
export const bodyOf = ({ body }: FastifyRequest): Readonly<Record<string, unknown>> =>
  typeof body === "object" && body !== null ? { ...body } : {};

const addRoute = <Route extends RouteInfo, Caller>(
  api: FastifyInstance,
  reception: Reception<Route, Caller>,
  route: Route,
): void => {
  const callers = new WeakMap<FastifyRequest, { readonly caller: Caller }>();
  api.route({
    method: route.method,
    url: route.path,
    onRequest: async (request, reply) => {
      const caller = await reception.admit(request, reply, { kind: "route", route });
      if (caller === null) return reply;
      callers.set(request, { caller });
    },
    handler: async (request, reply) => {
      const admitted = callers.get(request);
      if (admitted === undefined) throw new Error("a request reached its route without being admitted");
      return reception.serve({ route, caller: admitted.caller, request, reply });
    },
  });
};

/** What a path answers to methods that it does not have. */
const addOtherMethods = <Route extends RouteInfo, Caller>(
  api: FastifyInstance,
  reception: Reception<Route, Caller>,
  routes: readonly [Route, ...Route[]],
): void => {
  const [{ path }] = routes;
  const here = new Set<string>(routes.map(({ method }) => method));
  const head = here.has("GET") ? ["HEAD"] : [];
  const allow = [...methods.filter((method) => here.has(method)), ...head, "OPTIONS"].join(", ");
  const others = methods.filter((method) => !here.has(method));
  api.route({
    method: here.has("GET") ? others : [...others, "HEAD"],
    url: path,
    onRequest: async (request, reply) => {
      if ((await reception.admit(request, reply, { kind: "other_method", routes })) === null) return reply;
      return reception.sendMethodNotAllowed(reply.header("allow", allow));
    },
    handler: (_request, reply) => reply,
  });
  // Asked by tools, before they have a key to show. Browsers get no permission: keys do not belong there.
  const tellMethods = (_request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    reply.code(204).header("allow", allow).send();
  api.route({
    method: "OPTIONS",
    url: path,
    onRequest: async (request, reply) => {
      const isIn = (await reception.admitQuestion?.(request, reply)) ?? true;
      return isIn ? tellMethods(request, reply) : reply;
    },
    handler: tellMethods,
  });
};

const addRoutes = <Route extends RouteInfo, Caller>(
  api: FastifyInstance,
  reception: Reception<Route, Caller>,
  routes: readonly Route[],
): void => {
  reception.prepare?.(api);
  api.addHook("onRequest", async (request, reply) => {
    if (!request.is404) return;
    if ((await reception.admit(request, reply, { kind: "nowhere" })) !== null) reception.sendNotFound(reply);
    return reply;
  });
  api.setNotFoundHandler((_request, reply) => reception.sendNotFound(reply));
  for (const route of routes) addRoute(api, reception, route);
  for (const [first, ...rest] of Map.groupBy(routes, ({ path }) => path).values()) {
    if (first !== undefined) addOtherMethods(api, reception, [first, ...rest]);
  }
};

/** Adds a dialect's routes to a server, with what it answers to other methods and below its prefix. */
export const mountRoutes =
  <Route extends RouteInfo, Caller>(reception: Reception<Route, Caller>, routes: readonly Route[]): Mount =>
  (app) => {
    app.register(async (api) => addRoutes(api, reception, routes), { prefix: reception.prefix });
  };
