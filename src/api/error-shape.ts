import type { FastifyReply } from "fastify";

/** How a dialect says that something went wrong, where that is more than `{"error":…}`. */
export type ErrorShape = {
  /** What all of the dialect's paths begin with. */
  readonly prefix: string;
  /** Sends a status and a sentence. */
  sendError(reply: FastifyReply, status: number, sentence: string): FastifyReply;
};
