import { senderAddressOf } from "../ingest/sender-address.ts";
import type { Clock } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import type { AddressSet } from "../lib/ip.ts";
import type { IngestRefusalReason } from "../observe/ingest.ts";
import { type FrameParts, takeFrame } from "./_frame-events.ts";
import { createFrameTurns, type FrameTurns } from "./_frame-turns.ts";
import { type IngestAnswer, plainRefusal, refusalAnswer, writeRequestId } from "./_ingest-answers.ts";
import { refuseUpgrade } from "./_refuse-upgrade.ts";
import { createEntrance, type EntranceParts, socketPathPrefix } from "./_web-socket-entrance.ts";
import { openWebSocket, type Upgrade, type WebSocketConnection } from "./_web-socket.ts";
import type { Upgrades } from "./upgrades.ts";

/** What WebSocket sources need. */
export type WebSocketIngestParts = FrameParts &
  EntranceParts & {
    readonly clock: Pick<Clock, "nowMs" | "monotonicMs" | "after">;
    readonly trustedProxies: AddressSet;
    /** Largest frame where the source has no limit of its own. */
    readonly bodyBytesMax: number;
  };

/** Connections of one source. */
const connectionsMax = 100;

const count = (counts: Map<Id, number>, sourceId: Id, more: 1 | -1): void => {
  const now = (counts.get(sourceId) ?? 0) + more;
  if (now > 0) counts.set(sourceId, now);
  else counts.delete(sourceId);
};

/** Makes the handler of `GET /v1/ws/ingest/:source_id`: each frame is an event, by way of what takes requests as well. */
export const createWebSocketIngest = (parts: WebSocketIngestParts): Upgrades => {
  const entrance = createEntrance(parts);
  const counts = new Map<Id, number>();
  const open = new Map<WebSocketConnection, FrameTurns>();
  let isClosed = false;

  const accept = async (upgrade: Upgrade): Promise<void> => {
    const { request, socket } = upgrade;
    const requestId = writeRequestId(parts.ids.next(), "id");
    const forwardedFor = [request.headers["x-forwarded-for"] ?? []].flat();
    const senderAddress = senderAddressOf(request.socket.remoteAddress, forwardedFor, parts.trustedProxies);
    const entered = await entrance.enter(request, { requestId, senderAddress });
    const refuse = (as: IngestRefusalReason, answer: IngestAnswer): void => {
      parts.observer.ingestRefused({
        reason: as,
        ...(entered.kind === "entered" ? { sourceId: entered.routed.source.id } : {}),
        ...(senderAddress === null ? {} : { remoteAddress: senderAddress }),
      });
      refuseUpgrade(socket, answer, requestId);
    };
    if (entered.kind === "refused") return refuse(entered.as, entered.answer);
    if (isClosed) return refuse("overloaded", refusalAnswer({ reason: "unavailable" }, "id", requestId));
    const { source } = entered.routed;
    if ((counts.get(source.id) ?? 0) >= connectionsMax) {
      const error = `Too many connections: a source has at most ${connectionsMax}`;
      return refuse("connections", plainRefusal(429, error, requestId));
    }
    const sender = { sourceId: source.id, senderAddress, userAgent: request.headers["user-agent"] };
    const turnParts = {
      mayGoOn: () => entrance.mayGoOn(source.id, entered.token),
      take: (frame: Parameters<FrameTurns["frame"]>[0]) => takeFrame(parts, frame, sender),
      observer: parts.observer,
    };
    const isOpen = openWebSocket(upgrade, {
      clock: parts.clock,
      messageBytesMax: source.bodyLimitBytes ?? parts.bodyBytesMax,
      listener: {
        opened: (connection) => {
          count(counts, source.id, 1);
          open.set(connection, createFrameTurns(turnParts, connection));
        },
        frame: (frame, connection) => open.get(connection)?.frame(frame),
        closed: (connection) => {
          count(counts, source.id, -1);
          open.delete(connection);
        },
      },
    });
    if (!isOpen) refuse("handshake", plainRefusal(400, "Invalid WebSocket handshake", requestId));
  };

  return {
    takes: ({ url = "", method }) => method === "GET" && url.startsWith(socketPathPrefix),
    accept: (upgrade) => {
      accept(upgrade).catch((error: unknown) => {
        parts.observer.faulted({ task: "open a WebSocket", error });
        upgrade.socket.destroy();
      });
    },
    close: () => {
      isClosed = true;
      for (const turns of open.values()) turns.leave();
    },
    cutOff: () => {
      for (const connection of open.keys()) connection.terminate();
    },
  };
};
