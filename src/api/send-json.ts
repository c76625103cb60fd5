import type { FastifyReply } from "fastify";

/** Answers are for who asked, and may hold a secret. */
const headers = {
  "content-type": "application/json; charset=utf-8",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
} as const;

/** What `retry-after` says beside a 503. Short: what sheds load is over soon, or the operator is on it. */
export const retryAfterSeconds = "5";

/** Sends JSON, or only a status when there is no body. */
export const sendJson = (reply: FastifyReply, status: number, body: unknown): FastifyReply =>
  body === undefined
    ? reply.code(status).header("cache-control", "no-store").send()
    : reply.code(status).headers(headers).send(JSON.stringify(body));
