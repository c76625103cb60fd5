import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";

import type { Clock } from "../lib/clock.ts";
import type { Ids } from "../lib/ids.ts";
import type { Observer } from "../observe/observe.ts";
import { isAmbiguousHead } from "./_ambiguous-head.ts";
import { connectionsMax } from "./_connections-max.ts";
import { type Connections, createConnections } from "./_connections.ts";
import { sendFailure } from "./_failure-answer.ts";
import { isIngestPath } from "./_ingest-address.ts";
import { refuseConnection, refuseRequest } from "./_refusals.ts";
import type { ErrorShape } from "./error-shape.ts";
import { readManagementBody } from "./management-body.ts";
import { sendJson } from "./send-json.ts";
import type { Upgrades } from "./upgrades.ts";

/** Takes requests straight from Node, before any framework. */
export type RawHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Adds routes to the server: a dialect, the platform's own, the documentation. */
export type Mount = (app: FastifyInstance) => void;

/** How long a client may take. Kept by Node's own timers. */
export type ServerTimeouts = {
  /** For the head of a request: whoever sends a header a minute holds a socket for this long. */
  readonly headersMs: number;
  /** For a whole request to arrive. */
  readonly requestMs: number;
  /** How often the two are looked at. */
  readonly checkMs: number;
  /** For an answer of which the client takes nothing any more. */
  readonly unreadMs: number;
};

/** What a server is made of. */
export type ServerParts = {
  readonly ids: Ids;
  readonly clock: Pick<Clock, "after">;
  readonly observer: Pick<Observer, "apiRequest" | "faulted">;
  /** The handler of the ingest URLs. It answers everything under them, request id included. */
  readonly ingest: RawHandler;
  readonly mounts: readonly Mount[];
  /** Takes what becomes a WebSocket. Default: nothing does. */
  readonly upgrades?: Upgrades;
  /** Of those dialects that have one of their own. */
  readonly errorShapes?: readonly ErrorShape[];
  readonly timeouts?: Partial<ServerTimeouts>;
  /** A host name that answers at ingest URLs and nowhere else, so that it can be the only public one. Default: none. */
  readonly ingestHost?: string | null;
};

/** A server that listens. */
export type GatewayServer = {
  /** Port 0 takes any free one. Resolves with the address once it accepts connections. */
  listen(address: { host: string; port: number }): Promise<{ host: string; port: number }>;
  /** Takes nothing new, lets requests under way end for at most `graceMs`, then cuts them off. */
  close(graceMs: number): Promise<void>;
};

const timeoutsDefault: ServerTimeouts = { headersMs: 10_000, requestMs: 30_000, checkMs: 2_000, unreadMs: 20_000 };
/** Above the 60 s after which common load balancers close: the side that sends must be the one that closes. */
const keepAliveTimeoutMs = 65_000;
const headerBytesMax = 16 * 1024;
/** How often connections that became idle are closed while the server closes. */
const idleCheckMs = 20;

/** A server takes the absolute form of a target as well, which proxies write (RFC 9112, section 3.2.2). */
const originForm = (target: string): string => {
  if (target.startsWith("/")) return target;
  const url = URL.parse(target);
  return url === null ? target : url.pathname + url.search;
};

/** Whether a request is for this host, whatever its port, and with the dot of a full name that proxies take off to compare. */
const isForHost = ({ headers }: IncomingMessage, host: string): boolean =>
  (headers.host ?? "").replace(/\.?(:\d*)?$/, "").toLowerCase() === host.toLowerCase();

/** Whether the head of a request that becomes another protocol says that there is a body, too. */
const announcesBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";

const acceptUpgrades = (server: Server, upgrades: Upgrades, connections: Connections): void => {
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Nobody listens any more: what breaks from here on is the handler's, and its client's, to see.
    socket.on("error", () => socket.destroy());
    const isDoubtful = isAmbiguousHead(request) || announcesBody(request);
    // An answer that is still to come would be written into the other protocol.
    if (isDoubtful || connections.isBusy(request.socket)) socket.destroy();
    else upgrades.accept({ request, socket, head });
  });
};

const createNode = (
  { ids, ingest, ingestHost = null, timeouts, upgrades }: ServerParts,
  connections: Connections,
  framework: RawHandler,
): Server => {
  const { headersMs, requestMs, checkMs, unreadMs } = { ...timeoutsDefault, ...timeouts };
  const listener: RawHandler = (request, response) => {
    if (!connections.accept(request, response)) return;
    if (isAmbiguousHead(request)) {
      refuseRequest(ids, response);
      return;
    }
    // Behind a request that asks for another protocol, Node drops what came with it in one packet, and would read on.
    if (request.headers.upgrade !== undefined) response.shouldKeepAlive = false;
    request.url = originForm(request.url ?? "/");
    // On the ingest host everything is an ingest URL, and all but real ones are unknown.
    if (isIngestPath(request.url) || (ingestHost !== null && isForHost(request, ingestHost))) {
      ingest(request, response);
      return;
    }
    response.setHeader("x-request-id", ids.next());
    framework(request, response);
  };
  const server = createHttpServer(
    {
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: checkMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      maxHeaderSize: headerBytesMax,
      // Judged with the rest of the head.
      requireHostHeader: false,
      shouldUpgradeCallback: (request) => upgrades?.takes(request) === true,
    },
    listener,
  );
  // Node has no limit of its own for answers that nobody reads. A quiet socket may also wait for an answer that takes its time.
  server.setTimeout(unreadMs, (socket) => {
    if (socket.writableLength > 0 || !connections.isBusy(socket)) socket.destroy();
  });
  if (upgrades !== undefined) acceptUpgrades(server, upgrades, connections);
  const most = connectionsMax();
  // Those beyond it are closed at once: their clients try again, as after any lost connection.
  if (most !== null) server.maxConnections = most;
  // An expectation that nobody knows is none (RFC 9110, section 10.1.1). Node by itself would answer 417.
  server.on("checkExpectation", listener);
  return server;
};

const sendNotFound = (_request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  sendJson(reply, 404, { error: "Not found" });

/** What leads nowhere is answered before its body is read: anyone may send one. */
const mountNowhere = async (rest: FastifyInstance): Promise<void> => {
  rest.addHook("onRequest", async (request, reply) => sendNotFound(request, reply));
  rest.setNotFoundHandler(sendNotFound);
};

const createApp = (parts: ServerParts): FastifyInstance => {
  const { observer, ids } = parts;
  const connections = createConnections();
  const fail = (error: unknown, _request: FastifyRequest, reply: FastifyReply): void => {
    const { isOurs } = sendFailure(reply, error, parts.errorShapes ?? []);
    if (isOurs) observer.faulted({ task: "answer an api request", error });
  };
  const app = fastify({
    serverFactory: (framework) => createNode(parts, connections, framework),
    // A long id is an unknown one, and is to be answered as such.
    routerOptions: { maxParamLength: headerBytesMax },
    logger: false,
    clientErrorHandler: ({ code }, socket) => {
      if (code === "ECONNRESET") socket.destroy();
      else connections.giveUp(socket, () => refuseConnection(ids, socket, code));
    },
    return503OnClosing: false,
    frameworkErrors: fail,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request: unknown, body: IncomingMessage) => readManagementBody(body));
  app.setErrorHandler(fail);
  app.register(mountNowhere);
  app.addHook("onResponse", async ({ method, routeOptions }, reply) => {
    const route = routeOptions.url ?? null;
    observer.apiRequest({ method, route, status: reply.statusCode, durationMs: reply.elapsedTime });
  });
  for (const mount of parts.mounts) mount(app);
  return app;
};

/** The one server of the gateway: ingest, management, platform and documentation on one port. */
export const createServer = (parts: ServerParts): GatewayServer => {
  const app = createApp(parts);
  return {
    listen: async ({ host, port }) => {
      await app.listen({ host, port });
      const bound = app.server.address();
      if (bound === null || typeof bound === "string") throw new Error("the server listens on no port");
      return { host: bound.address, port: bound.port };
    },
    close: async (graceMs) => {
      let closed = false;
      const closeIdle = (): void => {
        if (closed) return;
        app.server.closeIdleConnections();
        parts.clock.after(idleCheckMs, closeIdle);
      };
      const cutOff = parts.clock.after(graceMs, () => {
        app.server.closeAllConnections();
        parts.upgrades?.cutOff();
      });
      parts.upgrades?.close();
      closeIdle();
      await app.close();
      closed = true;
      cutOff.cancel();
    },
  };
};
