import type { IncomingMessage, ServerResponse } from "node:http";

import type { ByteBudget } from "../ingest/byte-budget.ts";
import type { Receipt, Receive } from "../ingest/receive.ts";
import { senderAddressOf } from "../ingest/sender-address.ts";
import type { Clock } from "../lib/clock.ts";
import type { Headers } from "../lib/headers.ts";
import type { Id, Ids } from "../lib/ids.ts";
import type { AddressSet } from "../lib/ip.ts";
import type { IngestOutcome, IngestRefusalReason } from "../observe/ingest.ts";
import type { Observer } from "../observe/observe.ts";
import type { RoutedSource, RoutingTable } from "../routing/table.ts";
import { answers, type FixedAnswer, rateLimited, sendAnswer } from "./_ingest-answers.ts";
import { readBody } from "./_read-body.ts";

/** What the ingest URLs need. */
export type IngestParts = {
  readonly table: RoutingTable;
  /** Brings the table up to date with what other processes did. False: the store cannot be asked. Null: nobody else changes it. */
  readonly freshen: (() => Promise<boolean>) | null;
  readonly receive: Receive;
  readonly budget: ByteBudget;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs">;
  readonly ids: Ids;
  readonly trustedProxies: AddressSet;
  /** Largest body where the source has no limit of its own. */
  readonly bodyBytesMax: number;
  readonly isShortOfDisk: () => boolean;
  readonly observer: Pick<Observer, "ingested" | "ingestRefused" | "faulted">;
};

type Refused = { readonly refused: IngestRefusalReason; readonly answer: FixedAnswer; readonly close: boolean };
type Result = { readonly outcome: IngestOutcome } | Refused;
type Call = { readonly request: IncomingMessage; readonly startedMs: number };

const refuse = (refused: IngestRefusalReason, answer: FixedAnswer, close = false): Refused => ({
  refused,
  answer,
  close,
});

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

const resultOf = (receipt: Receipt): Result => {
  switch (receipt.kind) {
    case "stored":
      return { outcome: receipt.valid ? "stored" : "invalid" };
    case "dropped":
      return { outcome: "dropped" };
    case "gone":
      return refuse("unknown_slug", answers.notFound);
    case "rate_limited":
      return refuse("rate_limited", rateLimited(receipt.retryAfterMs));
    case "overloaded":
      return refuse("overloaded", answers.overloaded);
    case "unreadable":
      return refuse("unreadable_secret", answers.overloaded);
  }
};

const forwardedForOf = (request: IncomingMessage): readonly string[] => {
  const value = request.headers["x-forwarded-for"];
  return value === undefined ? [] : [value].flat();
};

const takeBody = async (parts: IngestParts, routed: RoutedSource, { request }: Call): Promise<Result | null> => {
  const { source } = routed;
  const share = parts.budget.shareOf(source.id);
  const read = await readBody(request, share, source.bodyLimitBytes ?? parts.bodyBytesMax);
  switch (read.kind) {
    case "aborted":
      return null;
    case "too_large":
      return refuse("too_large", answers.tooLarge, !request.complete);
    case "no_room":
      return refuse("overloaded", answers.overloaded, true);
    case "read":
      try {
        // Reading may have taken half a minute: what counts is the source as it is now, its secrets above all.
        const current = parts.table.source(source.id);
        if (current === undefined) return refuse("unknown_slug", answers.notFound);
        const receipt = await parts.receive(current, {
          method: request.method ?? "POST",
          query: queryOf(request.url ?? ""),
          headers: headersOf(request),
          body: read.body,
          senderAddress: senderAddressOf(request.socket.remoteAddress, forwardedForOf(request), parts.trustedProxies),
          receivedAtMs: parts.clock.nowMs(),
        });
        return resultOf(receipt);
      } finally {
        share.give(read.takenBytes);
      }
  }
};

/** What is refused unread is refused at once: the parser is about to come to what stands behind it in the same packet. */
const handle = (parts: IngestParts, routed: RoutedSource | undefined, call: Call): Result | Promise<Result | null> => {
  if (routed?.source.kind !== "webhook") return refuse("unknown_slug", answers.notFound, true);
  if (call.request.method !== "POST") return refuse("method", answers.methodNotAllowed, true);
  if (parts.isShortOfDisk()) return refuse("disk", answers.overloaded, true);
  return takeBody(parts, routed, call);
};

const observe = (
  { observer, clock }: IngestParts,
  routed: RoutedSource | undefined,
  call: Call,
  result: Result,
): void => {
  const durationMs = clock.monotonicMs() - call.startedMs;
  const provider = routed?.source.provider;
  if ("outcome" in result) {
    observer.ingested({ outcome: result.outcome, provider: provider ?? "unknown", durationMs });
    return;
  }
  const { remoteAddress } = call.request.socket;
  const sourceId: Id | undefined = routed?.source.id;
  observer.ingestRefused({
    reason: result.refused,
    durationMs,
    ...(sourceId === undefined ? {} : { sourceId }),
    ...(provider === undefined ? {} : { provider }),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  });
};

const pathPrefix = "/in/";

/** Whether a request is for an ingest URL, and so for this handler. */
export const isIngestPath = (url: string): boolean => url.startsWith(pathPrefix) || url === "/in";

const slugOf = (url: string): string => {
  if (!url.startsWith(pathPrefix)) return "";
  const path = url.slice(pathPrefix.length);
  const end = path.search(/[?#]/);
  return end === -1 ? path : path.slice(0, end);
};

/**
 * The handler of `POST /in/:slug`. It stands before the framework: this is the path that every event takes, and all that
 * it answers is in `answers`.
 */
export const createIngestHandler = (
  parts: IngestParts,
): ((request: IncomingMessage, response: ServerResponse) => void) => {
  const answer = async (call: Call, response: ServerResponse): Promise<void> => {
    const requestId = parts.ids.next();
    const slug = slugOf(call.request.url ?? "");
    let routed = parts.table.sourceBySlug(slug);
    let isKnown = true;
    try {
      // Another process may have made it a moment ago.
      if (routed === undefined && parts.freshen !== null) {
        isKnown = await parts.freshen();
        routed = parts.table.sourceBySlug(slug);
      }
      const handled = isKnown ? handle(parts, routed, call) : refuse("overloaded", answers.overloaded, true);
      const result = handled instanceof Promise ? await handled : handled;
      if (result === null) return;
      observe(parts, routed, call, result);
      const refused = "refused" in result ? result : { answer: answers.ok, close: false };
      sendAnswer(response, refused.answer, { requestId, close: refused.close });
    } catch (error) {
      // Nothing was acknowledged, so the sender tries again: 503 says so better than 500.
      parts.observer.faulted({ task: "receive an event", error });
      sendAnswer(response, answers.overloaded, { requestId, close: true });
    }
    // What was not read is not waited for.
    if (!call.request.complete) call.request.resume();
  };
  return (request, response) => {
    void answer({ request, startedMs: parts.clock.monotonicMs() }, response);
  };
};
