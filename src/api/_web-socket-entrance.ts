import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

import type { Place } from "../access/api-key.ts";
import type { RateLimit } from "../access/rate-limit.ts";
import type { Gate } from "../ingest/gate.ts";
import type { Clock } from "../lib/clock.ts";
import { type Id, readId } from "../lib/ids.ts";
import type { IngestRefusalReason } from "../observe/ingest.ts";
import type { RoutedSource, RoutingTable } from "../routing/table.ts";
import { type IngestAnswer, plainRefusal, refusalAnswer } from "./_ingest-answers.ts";

/** What tells who may send frames. */
export type EntranceParts = {
  readonly table: RoutingTable;
  /** Brings the table up to date with what other processes did. False: the store cannot be asked. Null: nobody else changes it. */
  readonly freshen: (() => Promise<boolean>) | null;
  readonly gate: Gate;
  readonly clock: Pick<Clock, "nowMs">;
  /** Where an API key may write webhooks. Null: nowhere. Cookies are none, so a page of another site can open nothing. */
  readonly placeOfKey: (key: string) => Promise<Place | null>;
  /** Counts those who show nothing that counts, by address, so that guessing ends. */
  readonly strangerLimit: RateLimit;
};

export type Entered =
  | { readonly kind: "entered"; readonly routed: RoutedSource; readonly token: string }
  /** `as`: the reason as it is counted. */
  | { readonly kind: "refused"; readonly answer: IngestAnswer; readonly as: IngestRefusalReason };

/** Lets connections in. */
export type Entrance = {
  enter(request: IncomingMessage, asked: { requestId: string; senderAddress: string | null }): Promise<Entered>;
  /** Whether who once came in would still be let in. */
  mayGoOn(sourceId: Id, token: string): Promise<boolean>;
};

export const socketPathPrefix = "/v1/ws/ingest/";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Neither how long this takes nor where it ends tells anything of the secret. */
const isSame = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));

const targetOf = ({ url = "" }: IncomingMessage): { id: Id | null; query: URLSearchParams } => {
  const [path = "", query = ""] = url.split("?", 2);
  return { id: readId(path.slice(socketPathPrefix.length)), query: new URLSearchParams(query) };
};

/** A browser cannot set a header here, so the query has one as well. */
const tokenOf = ({ headers }: IncomingMessage, query: URLSearchParams): string => {
  const [, bearer] = /^bearer +(\S+) *$/i.exec(headers.authorization ?? "") ?? [];
  return query.get("token") ?? (headers["x-api-key"] === undefined ? (bearer ?? "") : String(headers["x-api-key"]));
};

const refused = (as: IngestRefusalReason, answer: IngestAnswer): Entered => ({ kind: "refused", answer, as });

export const createEntrance = (parts: EntranceParts): Entrance => {
  const { table, freshen, gate, clock, placeOfKey, strangerLimit } = parts;

  const mayEnter = async ({ source, secretsAt }: RoutedSource, token: string): Promise<boolean> => {
    if (token === "") return false;
    const secrets = secretsAt(clock.nowMs());
    if (secrets.kind === "opened" && secrets.secrets.some((secret) => isSame(secret, token))) return true;
    const place = await placeOfKey(token);
    return place !== null && place.teamId === source.teamId && place.envId === source.envId;
  };

  const refuseStranger = (requestId: string, senderAddress: string | null): Entered =>
    strangerLimit(senderAddress ?? "nowhere").kind === "limited"
      ? refused("rate_limited", plainRefusal(429, "Rate limit exceeded", requestId))
      : refused("no_access", plainRefusal(401, "Invalid token", requestId));

  const find = async (id: Id | null): Promise<RoutedSource | null | "unavailable"> => {
    if (id === null) return null;
    // A key that was revoked elsewhere counts no more, and a source that was made elsewhere is there.
    if (freshen !== null && !(await freshen())) return "unavailable";
    const routed = table.source(id);
    return routed?.source.kind === "webhook" ? routed : null;
  };

  return {
    enter: async (request, { requestId, senderAddress }) => {
      const { id, query } = targetOf(request);
      const routed = await find(id);
      if (routed === "unavailable") {
        return refused("overloaded", refusalAnswer({ reason: "unavailable" }, "id", requestId));
      }
      if (routed === null) return refused("unknown_slug", refusalAnswer({ reason: "unknown" }, "id", requestId));
      const token = tokenOf(request, query);
      if (!(await mayEnter(routed, token))) return refuseStranger(requestId, senderAddress);
      if (routed.source.transport !== "websocket") {
        return refused("not_websocket", plainRefusal(400, "Source is not of type 'websocket'", requestId));
      }
      const reason = await gate.enter(routed, { senderAddress, nowMs: clock.nowMs() });
      if (reason !== null) return refused(reason, refusalAnswer({ reason }, "id", requestId));
      gate.leave(routed, false);
      return { kind: "entered", routed, token };
    },
    mayGoOn: async (sourceId, token) => {
      const routed = table.source(sourceId);
      return routed?.source.transport === "websocket" && mayEnter(routed, token);
    },
  };
};
