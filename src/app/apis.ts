import { createAnonymousPlace } from "../access/anonymous-place.ts";
import type { Place } from "../access/api-key.ts";
import { createRateLimit, type RateLimit } from "../access/rate-limit.ts";
import { allows } from "../access/scopes.ts";
import { mountDocs } from "../api/docs.ts";
import { hookstreamErrors, mountHookstream } from "../api/hookstream/dialect.ts";
import { hookstreamApi } from "../api/hookstream/documentation.ts";
import { createChoosePlace, createIdentify } from "../api/hookstream/identify.ts";
import type { HookstreamParts } from "../api/hookstream/parts.ts";
import type { TestSessionPort } from "../api/hookstream/ports.ts";
import { hookstreamRoutes } from "../api/hookstream/routes.ts";
import type { IngestParts } from "../api/ingest-parts.ts";
import { createIngestHandler } from "../api/ingest.ts";
import { mountKrafter } from "../api/krafter/dialect.ts";
import { krafterApi } from "../api/krafter/documentation.ts";
import type { KrafterParts } from "../api/krafter/parts.ts";
import { krafterRoutes } from "../api/krafter/routes.ts";
import { mountPlatform } from "../api/platform.ts";
import { createServer, type GatewayServer, type ServerTimeouts } from "../api/server.ts";
import { createWebSocketIngest } from "../api/web-socket-ingest.ts";
import type { Config } from "../config.ts";
import { isPassing } from "../db/store-error.ts";
import type { Store } from "../db/store.ts";
import { sendTest } from "../delivery/test-send.ts";
import { moveEvents } from "../events/move.ts";
import { readReceived } from "../events/read-received.ts";
import { readSourceCounts } from "../events/read-source-counts.ts";
import { readRefused } from "../ingest/read-refused.ts";
import { createAttemptSearch } from "./attempt-search.ts";
import type { Core } from "./core.ts";
import { createEventSearch } from "./event-search.ts";
import type { Gateway } from "./gateway.ts";
import { version } from "./version.ts";

type Limits = { readonly rateLimit: RateLimit };

const krafterParts = (core: Core, gateway: Gateway, config: Config, { rateLimit }: Limits): KrafterParts => {
  const { store, clock, dueTime, ids, table, access } = core;
  const { outbound, names, delivery } = gateway;
  return {
    routing: { ...core, keyring: core.secrets.keyring },
    freshen: () => store.freshen(),
    authenticate: access.authenticate,
    limitsOf: access.limitsOf,
    rateLimit,
    clock,
    checkUrl: (url) => outbound.checkUrl(url),
    sendTest: async ({ source, destination }) => {
      const routed = table.destination(destination.id);
      if (routed === undefined) return { kind: "failed", error: "the destination was deleted" };
      return sendTest({ clock, ids, names, send: outbound.send }, routed, source.id);
    },
    delivery: { cancel: delivery.cancel, wake: (destinationId) => delivery.lanes.wake(destinationId) },
    dueTime,
    transforms: gateway.transformer,
    events: gateway.events,
    replays: gateway.replays,
    publicUrl: config.publicUrl,
    bodyLimitBytes: config.bodyLimitBytes,
    deliveryTimeoutMs: config.deliveryTimeoutMs,
  };
};

/** Test sessions that one network may make in a window. */
const sessionLimit = { max: 10, windowMs: 60 * 60 * 1_000 } as const;

const testSessionPort = (core: Core): TestSessionPort => {
  const { store, clock } = core;
  return {
    place: createAnonymousPlace(core),
    openLimit: createRateLimit(sessionLimit.max, clock, sessionLimit.windowMs),
    readReceived: (owner, sourceId, page) => readReceived(store, { ...owner, sourceId }, page),
    moveStored: moveEvents,
  };
};

const hookstreamParts = (
  core: Core,
  { delivery, outbound, transformer, replays }: Gateway,
  config: Config,
  { rateLimit }: Limits,
): HookstreamParts => ({
  routing: { ...core, keyring: core.secrets.keyring },
  freshen: () => core.store.freshen(),
  access: core.access,
  accounts: core.accounts,
  authenticate: createIdentify({ ...core, publicUrl: config.publicUrl }),
  choosePlace: createChoosePlace(core.access),
  rateLimit,
  strangerLimit: createRateLimit(config.rateLimitPerMinute, core.clock),
  trustedProxies: config.trustedProxies,
  clock: core.clock,
  dueTime: core.dueTime,
  delivery: { cancel: delivery.cancel, wake: (destinationId) => delivery.lanes.wake(destinationId) },
  checkUrl: (url) => outbound.checkUrl(url),
  transforms: transformer,
  events: createEventSearch(core),
  attempts: createAttemptSearch(core),
  replays,
  readCounts: (sourceIds) => readSourceCounts(core.store, sourceIds),
  readRefused: (owner, sourceId, page) => readRefused(core.store, { ...owner, sourceId }, page),
  testSessions: config.anonymousSessions ? testSessionPort(core) : null,
  publicUrl: config.publicUrl,
});

const tryFreshen = async (store: Pick<Store, "freshen">): Promise<boolean> => {
  try {
    await store.freshen();
    return true;
  } catch (error) {
    if (isPassing(error)) return false;
    throw error;
  }
};

/** Where a key may write webhooks. */
const writingPlace = async ({ access, clock }: Core, key: string): Promise<Place | null> => {
  const authentication = await access.authenticate(`Bearer ${key}`, clock.nowMs());
  if (authentication.kind === "refused") return null;
  const { principal } = authentication;
  return allows(principal.scopes, "webhooks:write") ? principal : null;
};

/** Puts other parts of an API in place of the real ones, and other times in place of the server's: for tests. */
export type Adapt = {
  readonly krafter: (parts: KrafterParts) => KrafterParts;
  readonly hookstream: (parts: HookstreamParts) => HookstreamParts;
  readonly timeouts?: Partial<ServerTimeouts>;
};

const asTheyAre: Adapt = { krafter: (parts) => parts, hookstream: (parts) => parts };

/** What a role answers to, beside `/healthz`, `/readyz` and `/metrics`. */
const does = (role: Config["role"]): { readonly takesEvents: boolean; readonly manages: boolean } => ({
  takesEvents: role === "all" || role === "ingest",
  manages: role === "all" || role === "api",
});

/** The one server, with everything that it answers. */
export const openServer = (core: Core, gateway: Gateway, config: Config, adapt: Adapt = asTheyAre): GatewayServer => {
  const { store, clock, ids, table, observer, metrics } = core;
  const { receive, gate, refused, budget, diskFloor } = gateway;
  // Who asks in both dialects has one budget.
  const limits = { rateLimit: createRateLimit(config.rateLimitPerMinute, clock) };
  const krafter = adapt.krafter(krafterParts(core, gateway, config, limits));
  const hookstream = adapt.hookstream(hookstreamParts(core, gateway, config, limits));
  const routes = { krafter: krafterRoutes(krafter), hookstream: hookstreamRoutes(hookstream) };
  const apis = [krafterApi(routes.krafter), hookstreamApi(routes.hookstream)];
  const { takesEvents, manages } = does(config.role);
  const ingest: IngestParts = {
    // A node that takes no events knows no sources.
    table: takesEvents ? table : table.empty(),
    freshen: takesEvents && store.cluster !== null ? () => tryFreshen(store) : null,
    gate,
    receive,
    refused,
    budget,
    clock,
    ids,
    observer,
    trustedProxies: config.trustedProxies,
    bodyBytesMax: config.bodyLimitBytes,
    isShortOfDisk: () => diskFloor.isShort(),
  };
  return createServer({
    ids,
    clock,
    observer,
    ingestHost: config.ingestHost,
    timeouts: adapt.timeouts ?? {},
    ingest: createIngestHandler(ingest),
    upgrades: createWebSocketIngest({
      ...ingest,
      clock,
      placeOfKey: (key) => writingPlace(core, key),
      strangerLimit: hookstream.strangerLimit,
    }),
    mounts: [
      ...(manages ? [mountKrafter(krafter, routes.krafter), mountHookstream(hookstream, routes.hookstream)] : []),
      mountPlatform({ readiness: gateway.readiness, metrics, metricsToken: config.metricsToken }),
      ...(manages ? [mountDocs({ version, publicUrl: config.publicUrl, apis })] : []),
    ],
    errorShapes: [hookstreamErrors],
  });
};
