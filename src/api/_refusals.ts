import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

import type { Ids } from "../lib/ids.ts";
import { safeHeaders } from "./_ingest-answers.ts";

const badRequest = "400 Bad Request";
/** What a client that speaks no HTTP is told, by the parser's codes. Nothing is known of what it wanted. */
const statuses: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
};

/**
 * Such an answer ends the connection: where the next request would begin is not known. It may be one to an ingest URL, so
 * it is as safe as those.
 */
const answerOf = (ids: Ids, status: string): { head: Record<string, string>; body: string } => {
  const body = JSON.stringify({ error: status.slice(4) });
  const head = {
    "content-type": "application/json",
    "content-length": String(body.length),
    ...safeHeaders,
    "x-request-id": ids.next(),
    connection: "close",
  };
  return { head, body };
};

/** Tells a client why nothing more is read of it, past any request, and hangs up. `code` is the parser's. */
export const refuseConnection = (ids: Ids, socket: Socket, code: string | undefined): void => {
  const status = statuses[code ?? ""] ?? badRequest;
  const { head, body } = answerOf(ids, status);
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status}\r\n${lines.join("")}\r\n${body}`);
  // Not `end`: who is told this does not always hang up, and would keep a socket of ours for ever.
  socket.destroySoon();
};

/** Answers a request that the parser took and we do not, and hangs up. */
export const refuseRequest = (ids: Ids, response: ServerResponse): void => {
  const { head, body } = answerOf(ids, badRequest);
  response.shouldKeepAlive = false;
  response.writeHead(400, head);
  response.end(body);
};
