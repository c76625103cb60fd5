import type { Scope } from "../../src/access/scopes.ts";
import type { KrafterParts } from "../../src/api/krafter/parts.ts";
import type { Replay } from "../../src/api/krafter/ports.ts";
import type { Route } from "../../src/api/route.ts";
import { type GatewayOptions, startGateway, type TestGateway } from "./gateway.ts";

const replayId = "019dc8a0-11f3-7c55-8f0a-2b3c4d5e6f70";

/** A bulk replay that is there for whoever asks: what hides it from others has to be the source that it belongs to. */
const anyonesReplay = (sourceId: string): Replay => ({
  id: replayId,
  sourceId,
  status: "running",
  total: 1,
  queued: 0,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  skipped: 0,
  resumes: null,
  resumedBy: null,
  createdAtMs: 0,
});

const openReplays: KrafterParts["replays"] = {
  replayOne: async () => ({ kind: "queued", destinationIds: [] }),
  plan: async () => ({ kind: "planned", total: 0, sample: [] }),
  start: async (_owner, sourceId) => ({ kind: "started", replay: anyonesReplay(sourceId) }),
  list: async (_owner, sourceId) => [anyonesReplay(sourceId)],
  get: async (_owner, { sourceId }) => anyonesReplay(sourceId),
  cancel: async (_owner, { sourceId }) => anyonesReplay(sourceId),
  resume: async (_owner, { sourceId }) => ({ kind: "started", replay: anyonesReplay(sourceId) }),
};

/** What each route that needs a body is sent when nothing is to be wrong with it. */
const bodies: Readonly<Record<string, object>> = {
  "POST /webhooks/sources": { name: "x" },
  "POST /webhooks/sources/:source_id/destinations": { url: "http://127.0.0.1:1/" },
};

/** A body that a route takes, or nothing for those that need none. */
export const bodyFor = ({ method, path }: Pick<Route<Scope>, "method" | "path">): object | undefined =>
  bodies[`${method} ${path}`];

/** A gateway in which every route has something to find. */
export type FilledGateway = TestGateway & {
  /** The path of a route, its parameters filled with what is there. */
  pathOf(route: Pick<Route<Scope>, "path">): string;
};

const eventIdOf = async ({ request }: TestGateway, sourceId: string): Promise<string> => {
  const listed = await request("GET", `/webhooks/sources/${sourceId}/events`);
  return String(listed.body.data[0].id);
};

/** Starts a gateway with a source, a destination, an event and a replay. */
export const startFilled = async (options: GatewayOptions = {}): Promise<FilledGateway> => {
  const gateway = await startGateway({
    ...options,
    parts: (parts) => ({
      replays: openReplays,
      ...(typeof options.parts === "function" ? options.parts(parts) : options.parts),
    }),
  });
  const source = (await gateway.request("POST", "/webhooks/sources", { name: "filled" })).body.data;
  const destinations = `/webhooks/sources/${source.id}/destinations`;
  // Nobody listens there: what is sent fails at once.
  const destination = (await gateway.request("POST", destinations, { url: "http://127.0.0.1:1/" })).body.data;
  await gateway.request("POST", `/in/${source.slug}`, { hello: "world" });
  const eventId = await eventIdOf(gateway, source.id);
  const idOf = (path: string): string => {
    if (path.includes("/destinations")) return String(destination.id);
    return path.includes("/replays") ? replayId : String(source.id);
  };
  return {
    ...gateway,
    pathOf: ({ path }) =>
      path.replace(":source_id", source.id).replace(":event_id", eventId).replace(/:id\b/, idOf(path)),
  };
};
