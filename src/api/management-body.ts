import type { IncomingMessage } from "node:http";

import type { ByteShare } from "../ingest/byte-budget.ts";
import { readBody } from "./_read-body.ts";
import { readJsonBody } from "./json-body.ts";
import { MalformedBodyError, TooLargeBodyError } from "./request-failure.ts";

/** What management sends is small. */
const bodyBytesMax = 1024 * 1024;

/** Whoever gets this far has shown a key. */
const unshared: ByteShare = { take: () => true, give: () => undefined };

/**
 * The object that a management request's body holds. Read as events are, not by the framework, which keeps every piece
 * as it came: a mebibyte in pieces of a byte was 600 MiB of memory.
 * @throws {MalformedBodyError} @throws {TooLargeBodyError}
 */
export const readManagementBody = async (
  request: IncomingMessage,
  parse?: (text: string) => unknown,
): Promise<Record<string, unknown>> => {
  const read = await readBody(request, unshared, bodyBytesMax);
  switch (read.kind) {
    case "read":
      return readJsonBody(read.body, parse);
    case "too_large":
    case "no_room":
      throw new TooLargeBodyError("Request body is too large");
    case "aborted":
      throw new MalformedBodyError("Request body did not come whole");
  }
};
