import type { IncomingMessage } from "node:http";

import { mayAsk } from "../ingest/handshake.ts";
import type { GateRefusal } from "../ingest/refusal.ts";
import type { Headers } from "../lib/headers.ts";
import type { RoutedSource } from "../routing/table.ts";
import type { IngestAddress } from "./_ingest-address.ts";
import { makesEvents } from "./_ingest-answers.ts";
import { isStored, refuse, refuseAtGate, type Result, resultOf, unavailable, unknown } from "./_ingest-result.ts";
import { readBody } from "./_read-body.ts";
import type { IngestParts } from "./ingest-parts.ts";

/** A request, and what is known of it before it is read. */
export type Call = {
  readonly request: IncomingMessage;
  readonly address: IngestAddress;
  readonly senderAddress: string | null;
  readonly startedMs: number;
};

/** Node gives names as they were written and values as latin1, in one flat list. */
const headersOf = ({ rawHeaders }: IncomingMessage): Headers => {
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.push([(rawHeaders[at] ?? "").toLowerCase(), rawHeaders[at + 1] ?? ""]);
  }
  return headers;
};

const queryOf = (url: string): string => {
  const at = url.indexOf("?");
  return at === -1 ? "" : url.slice(at + 1);
};

/** The method of a request. */
export const methodOf = ({ method = "POST" }: IncomingMessage): string => method;

/** Who says that it forwarded a request. */
export const forwardedForOf = (request: IncomingMessage): readonly string[] => {
  const value = request.headers["x-forwarded-for"];
  return value === undefined ? [] : [value].flat();
};

const takeBody = async (parts: IngestParts, routed: RoutedSource, call: Call): Promise<Result | null> => {
  const { request, address } = call;
  const { source } = routed;
  const share = parts.budget.shareOf(source.id);
  const read = await readBody(request, share, source.bodyLimitBytes ?? parts.bodyBytesMax);
  switch (read.kind) {
    case "aborted":
      return null;
    case "too_large":
      return refuse({ reason: "too_large" }, "too_large", { close: !request.complete });
    case "no_room":
      return unavailable("overloaded", true);
    case "read":
      try {
        // Reading may have taken half a minute: what counts is the source as it is now, its secrets above all.
        const current = parts.table.source(source.id);
        if (current === undefined) return refuse({ reason: "unknown" }, "unknown_slug");
        const method = methodOf(request);
        const receipt = await parts.receive(
          current,
          {
            via: address.via,
            method,
            query: queryOf(request.url ?? ""),
            headers: headersOf(request),
            body: read.body,
            senderAddress: call.senderAddress,
            receivedAtMs: parts.clock.nowMs(),
          },
          makesEvents(address.via, method) ? "event" : "question",
        );
        return resultOf(receipt, current, address.via, read.body.byteLength);
      } finally {
        share.give(read.takenBytes);
      }
  }
};

/** What comes behind the gate. */
const admit = (
  parts: IngestParts,
  routed: RoutedSource,
  call: Call,
  refusal: GateRefusal | null,
): Result | Promise<Result | null> => {
  if (refusal !== null) return refuseAtGate(refusal);
  if (parts.isShortOfDisk()) {
    parts.gate.leave(routed, false);
    return unavailable("disk", true);
  }
  // Nobody counts who came in.
  if ((routed.rules?.requestLimit ?? null) === null) return takeBody(parts, routed, call);
  let result: Result | null = null;
  return takeBody(parts, routed, call)
    .then((taken) => (result = taken))
    .finally(() => parts.gate.leave(routed, isStored(result)));
};

/** What is refused unread is refused at once: the parser is about to come to what stands behind it in the same packet. */
export const handle = (
  parts: IngestParts,
  routed: RoutedSource | undefined,
  call: Call,
): Result | Promise<Result | null> => {
  if (routed?.source.kind !== "webhook") return unknown();
  const method = methodOf(call.request);
  if (!makesEvents(call.address.via, method) && !mayAsk(routed, method)) {
    return refuse({ reason: "method" }, "method", { close: true });
  }
  const refusal = parts.gate.enter(routed, { senderAddress: call.senderAddress, nowMs: parts.clock.nowMs() });
  return refusal instanceof Promise
    ? refusal.then((found) => admit(parts, routed, call, found))
    : admit(parts, routed, call, refusal);
};
