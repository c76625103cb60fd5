import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

import { z } from "zod";

import { CommandError } from "./_command.ts";

/** What came of an operation. */
export type Answer = { ok: true; result: unknown } | { ok: false; message: string };

const answerSchema: z.ZodType<Answer> = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), message: z.string() }),
]);

/** Nothing listens: no socket, or one that a killed process left behind. */
const absent: ReadonlySet<unknown> = new Set(["ENOENT", "ENOTDIR", "ECONNREFUSED", "ENOTSOCK"]);
const forbidden: ReadonlySet<unknown> = new Set(["EACCES", "EPERM"]);

const post = (socketPath: string, path: string, body: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    // Without an agent the connection ends with the answer, and the process with it.
    request({ socketPath, path, method: "POST", headers, agent: false }, resolve).once("error", reject).end(body);
  });

const readAnswer = (body: string): Answer => {
  try {
    return answerSchema.parse(JSON.parse(body));
  } catch (cause) {
    throw new CommandError("what listens on the control socket does not answer as a gateway of this version", {
      cause,
    });
  }
};

/**
 * Asks the gateway that listens on this socket; null when there is none. Waits as long as it works: a rotation or a backup
 * takes its time.
 * @throws {CommandError} when it belongs to somebody else, or ended before it answered.
 */
export const askServer = async (socketPath: string, operation: string, input: object): Promise<Answer | null> => {
  let body: string;
  try {
    body = await text(await post(socketPath, `/${operation}`, JSON.stringify(input)));
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (absent.has(code)) return null;
    if (forbidden.has(code)) {
      throw new CommandError(`${socketPath} belongs to another user; run this as the user who runs the gateway`, {
        cause,
      });
    }
    throw new CommandError(
      `the gateway ended before it answered: "${operation}" may have been done or not; look, then try again`,
      { cause },
    );
  }
  return readAnswer(body);
};
