import type { ByteBudget } from "../ingest/byte-budget.ts";
import type { Gate } from "../ingest/gate.ts";
import type { Receive } from "../ingest/receive.ts";
import type { Headers } from "../lib/headers.ts";
import type { Id, Ids } from "../lib/ids.ts";
import type { Observer } from "../observe/observe.ts";
import type { RoutedSource, RoutingTable } from "../routing/table.ts";
import { refusalAnswer, writeRequestId } from "./_ingest-answers.ts";
import {
  isStored,
  refuseAtGate,
  report,
  type ReportParts,
  type Result,
  resultOf,
  unavailable,
  unknown,
} from "./_ingest-result.ts";
import type { Frame } from "./_web-socket.ts";

/** What turns frames into events. */
export type FrameParts = ReportParts & {
  readonly table: RoutingTable;
  readonly gate: Gate;
  readonly receive: Receive;
  readonly budget: ByteBudget;
  readonly ids: Ids;
  readonly isShortOfDisk: () => boolean;
  readonly observer: Pick<Observer, "faulted">;
};

/** Who sends a frame, for which source. */
export type FrameSender = {
  readonly sourceId: Id;
  readonly senderAddress: string | null;
  readonly userAgent: string | undefined;
};

/** What stands for a method where there is none. */
const method = "WS";

/** A text that begins like JSON mostly is. Nobody says, and parsing each frame would cost more than it tells. */
const looksLikeJson = /^\s*[[{]/;
const looksAtBytes = 64;

const contentTypeOf = ({ body, isBinary }: Frame): string => {
  if (isBinary) return "application/octet-stream";
  return looksLikeJson.test(body.toString("latin1", 0, looksAtBytes))
    ? "application/json"
    : "text/plain; charset=utf-8";
};

const headersOf = (frame: Frame, { userAgent }: FrameSender): Headers => [
  ["content-type", contentTypeOf(frame)],
  ...(userAgent === undefined ? [] : [["user-agent", userAgent] as const]),
];

const take = async (parts: FrameParts, routed: RoutedSource, frame: Frame, sender: FrameSender): Promise<Result> => {
  const { body } = frame;
  const share = parts.budget.shareOf(sender.sourceId);
  if (!share.take(body.byteLength)) return unavailable("overloaded", false);
  try {
    const receipt = await parts.receive(routed, {
      via: "id",
      method,
      query: "",
      headers: headersOf(frame, sender),
      body,
      senderAddress: sender.senderAddress,
      receivedAtMs: parts.clock.nowMs(),
      isProven: true,
    });
    return resultOf(receipt, routed, "id", body.byteLength);
  } finally {
    share.give(body.byteLength);
  }
};

const pass = async (
  parts: FrameParts,
  routed: RoutedSource | undefined,
  frame: Frame,
  sender: FrameSender,
): Promise<Result> => {
  if (routed === undefined) return unknown();
  const at = { senderAddress: sender.senderAddress, nowMs: parts.clock.nowMs() };
  const refusal = await parts.gate.enter(routed, at);
  if (refusal !== null) return refuseAtGate(refusal);
  let result: Result | null = null;
  try {
    result = parts.isShortOfDisk() ? unavailable("disk", false) : await take(parts, routed, frame, sender);
    return result;
  } finally {
    parts.gate.leave(routed, isStored(result));
  }
};

/** Takes a frame as an event, and gives the text that its sender is told. Resolves once the event is on disk, or refused. */
export const takeFrame = async (parts: FrameParts, frame: Frame, sender: FrameSender): Promise<string> => {
  const requestId = writeRequestId(parts.ids.next(), "id");
  const asked = {
    method,
    senderAddress: sender.senderAddress,
    startedMs: parts.clock.monotonicMs(),
    announcedBytes: frame.body.byteLength,
  };
  try {
    // As it is now: the connection may be days old.
    const routed = parts.table.source(sender.sourceId);
    const result = await pass(parts, routed, frame, sender);
    const { status, body } = "outcome" in result ? result.answer : refusalAnswer(result.refusal, "id", requestId);
    report(parts, routed, asked, { result, status });
    return body;
  } catch (error) {
    parts.observer.faulted({ task: "receive a frame", error });
    return refusalAnswer({ reason: "unavailable" }, "id", requestId).body;
  }
};
