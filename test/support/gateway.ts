import { onTestFinished } from "vitest";

import { http, type HttpAnswer } from "../../harness/http.ts";
import type { Scope } from "../../src/access/scopes.ts";
import { hookstreamApi } from "../../src/api/hookstream/documentation.ts";
import type { HookstreamParts } from "../../src/api/hookstream/parts.ts";
import type { Route as HookstreamRoute } from "../../src/api/hookstream/route.ts";
import { hookstreamRoutes } from "../../src/api/hookstream/routes.ts";
import { krafterApi } from "../../src/api/krafter/documentation.ts";
import type { KrafterParts } from "../../src/api/krafter/parts.ts";
import { krafterRoutes } from "../../src/api/krafter/routes.ts";
import type { DocumentedApi } from "../../src/api/openapi.ts";
import type { Route } from "../../src/api/route.ts";
import type { ServerTimeouts } from "../../src/api/server.ts";
import { openServer } from "../../src/app/apis.ts";
import { type Core, openCore } from "../../src/app/core.ts";
import { type Gateway, openGateway } from "../../src/app/gateway.ts";
import { loadConfig } from "../../src/config.ts";
import { captureLog, type CapturedLog } from "./captured-log.ts";
import { createTestClock, type TestClock } from "./clock.ts";
import { expectDocumented } from "./documented.ts";
import { type NameServer, startNameServer } from "./name-server.ts";
import { receiverCa } from "./receiver.ts";
import { sealingKeysText } from "./sealing-keys.ts";
import { ensureStore, freshDirectory } from "./store.ts";

/** What a test may want otherwise. */
export type GatewayOptions = {
  /** Options as an operator sets them. */
  readonly environment?: Readonly<Record<string, string>>;
  /** How far its machine's clock is ahead of the others', where that is to be corrected. Default: it is the test's. */
  readonly clockAheadMs?: number;
  /** Parts of the API in place of the real ones: for what the real ones cannot be made to answer. */
  readonly parts?: Partial<KrafterParts> | ((parts: KrafterParts) => Partial<KrafterParts>);
  /** The same of the hookstream API. */
  readonly hookstreamParts?: (parts: HookstreamParts) => Partial<HookstreamParts>;
  /** How long its server waits for what. */
  readonly timeouts?: Partial<ServerTimeouts>;
};

/** An answer, its body read as JSON; undefined where there is none, and the text where it is no JSON. */
export type ApiAnswer = Pick<HttpAnswer, "status" | "headers"> & {
  // oxlint-disable-next-line typescript/no-explicit-any -- tests compare what is in it, and go on with parts of it
  readonly body: any;
  readonly text: string;
};

/** Whose key to make. Default: the default team and environment, and everything allowed. */
export type KeyWish = { readonly scopes?: readonly Scope[]; readonly team?: string; readonly env?: string };

/** A whole gateway on loopback, in a directory of its own. Stops when its test ends. */
export type TestGateway = {
  readonly url: string;
  /** A key of the default team and environment that may do everything. */
  readonly key: string;
  readonly clock: TestClock;
  readonly core: Core;
  readonly gateway: Gateway;
  readonly names: NameServer;
  readonly log: CapturedLog;
  readonly routes: readonly Route<Scope>[];
  readonly hookstreamRoutes: readonly HookstreamRoute[];
  /** What it documents of each of its dialects. */
  readonly apis: readonly DocumentedApi[];
  /** Sends a request. `path` under `/api/v1`, or a whole one. A body that is no text or bytes is sent as JSON. */
  request(method: string, path: string, body?: unknown, key?: string | null): Promise<ApiAnswer>;
  newKey(wish?: KeyWish): Promise<string>;
  stop(): Promise<void>;
};

const readAnswer = ({ status, headers, body }: HttpAnswer): ApiAnswer => {
  const text = body.toString();
  if (text === "") return { status, headers, text, body: undefined };
  const isJson = headers["content-type"]?.startsWith("application/json") === true;
  return { status, headers, text, body: isJson ? JSON.parse(text) : text };
};

const toBody = (body: unknown): string | Uint8Array | undefined => {
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array) return body;
  return JSON.stringify(body);
};

/** What tells a gateway where its store is. */
const storeOptions = async (directory: string): Promise<Record<string, string>> => {
  const url = await ensureStore(directory);
  const ofDatabase = url === null ? {} : { DATABASE_URL: url, SECRETS_KEY: sealingKeysText };
  return { ...ofDatabase, DATA_DIR: directory };
};

/** Starts a gateway. Names resolve through `names`; receivers on 127.0.0.1 may be sent to, everything else private not. */
export const startGateway = async (options: GatewayOptions = {}): Promise<TestGateway> => {
  const names = await startNameServer();
  const clock = createTestClock();
  clock.jump(options.clockAheadMs ?? 0);
  const log = captureLog();
  const directory = options.environment?.["DATA_DIR"] ?? freshDirectory();
  const loaded = loadConfig({
    ...(await storeOptions(directory)),
    EGRESS_ALLOW: "127.0.0.1",
    PUBLIC_URL: "https://hooks.example.com",
    DISK_FREE_MIN_BYTES: "0",
    RATE_LIMIT_PER_MINUTE: "0",
    LOG_FORMAT: "json",
    ...options.environment,
  });
  if (!loaded.ok) throw new Error(loaded.problems.join("; "));
  const { config } = loaded;
  const outbound = { resolver: { servers: [names.address], hostsFile: "/nonexistent" }, tls: { ca: receiverCa } };
  const overrides = {
    clock,
    correctsClock: options.clockAheadMs !== undefined,
    logSink: log,
    outbound,
    // They are of the process, in which there are many of these, and can never be stopped.
    processMetrics: false,
  };
  const core = await openCore(config, overrides);
  const gateway = await openGateway(core, config, overrides);
  let routes: readonly Route<Scope>[] = [];
  let ownHookstreamRoutes: readonly HookstreamRoute[] = [];
  const server = openServer(core, gateway, config, {
    krafter: (real) => {
      const { parts } = options;
      const adapted = { ...real, ...(typeof parts === "function" ? parts(real) : parts) };
      routes = krafterRoutes(adapted);
      return adapted;
    },
    hookstream: (real) => {
      const adapted = { ...real, ...options.hookstreamParts?.(real) };
      ownHookstreamRoutes = hookstreamRoutes(adapted);
      return adapted;
    },
    timeouts: options.timeouts ?? {},
  });
  await gateway.start();
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${port}`;

  let stopped: Promise<void> | null = null;
  const stopAll = async (): Promise<void> => {
    await server.close(2_000);
    await gateway.stop(2_000);
    await core.close();
    await names.close();
  };
  const stop = (): Promise<void> => (stopped ??= stopAll());
  onTestFinished(stop);
  const newKey = async ({ scopes = ["*"], team, env }: KeyWish = {}): Promise<string> => {
    const maker = { kind: "operator", team: team ?? null, env: env ?? null } as const;
    const made = await core.access.createKey({ name: "test", scopes, expiresAtMs: null, maker });
    if (made.kind !== "created") throw new Error(made.message);
    return made.key;
  };
  const key = await newKey();
  const manages = config.role === "all" || config.role === "api";
  const apis = manages ? [krafterApi(routes), hookstreamApi(ownHookstreamRoutes)] : [];
  return {
    url,
    key,
    clock,
    core,
    gateway,
    names,
    log,
    routes,
    hookstreamRoutes: ownHookstreamRoutes,
    apis,
    newKey,
    stop,
    request: async (method, path, body, ownKey = key) => {
      const whole = path.startsWith("/webhooks") ? `/api/v1${path}` : path;
      const authorization: Record<string, string> = ownKey === null ? {} : { authorization: `Bearer ${ownKey}` };
      const sent = toBody(body);
      const type: Record<string, string> = sent === undefined ? {} : { "content-type": "application/json" };
      const answer = await http(url + whole, { method, headers: { ...authorization, ...type }, body: sent });
      expectDocumented(apis, { method, path: whole }, answer.status);
      return readAnswer(answer);
    },
  };
};
