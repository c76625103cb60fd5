import type { IncomingMessage } from "node:http";

import type { FastifyReply } from "fastify";

import type { ErrorShape } from "./error-shape.ts";
import { type RequestFailure, requestFailureOf } from "./request-failure.ts";
import { retryAfterSeconds, sendJson } from "./send-json.ts";

const words = (failure: RequestFailure): { status: number; error: string } => {
  switch (failure.kind) {
    case "malformed":
      return { status: 400, error: failure.message };
    case "too_large":
      return { status: 413, error: "Request body too large" };
    case "unavailable":
      return { status: 503, error: "Service unavailable" };
    case "internal":
      return { status: 500, error: "Internal server error" };
  }
};

/** Whether a client hung up in the middle of its body. Nobody will read the answer, and nothing of ours has failed. */
const isCutOff = ({ destroyed, complete }: IncomingMessage): boolean => destroyed && !complete;
const isUnder = (url: string, prefix: string): boolean =>
  url.startsWith(prefix) && ["/", "?", ""].includes(url.charAt(prefix.length));

const cutOff: RequestFailure = { kind: "malformed", message: "Request body did not come whole" };

/**
 * Answers a request that threw, as JSON of the shape that its dialect has; tells whether the fault is ours. A body that
 * is too large is not waited for.
 */
export const sendFailure = (
  reply: FastifyReply,
  error: unknown,
  shapes: readonly ErrorShape[],
): { isOurs: boolean } => {
  const failure = isCutOff(reply.request.raw) ? cutOff : requestFailureOf(error);
  const { status, error: sentence } = words(failure);
  if (failure.kind === "unavailable") reply.header("retry-after", retryAfterSeconds);
  if (failure.kind === "too_large") reply.header("connection", "close");
  const shape = shapes.find(({ prefix }) => isUnder(reply.request.url, prefix));
  if (shape === undefined) sendJson(reply, status, { error: sentence });
  else shape.sendError(reply, status, sentence);
  return { isOurs: status >= 500 };
};
