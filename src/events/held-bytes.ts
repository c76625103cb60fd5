import type { Payload } from "./event.ts";

/** What an event costs in memory beside its body and headers. */
const overheadBytes = 2048;

/** What an event keeps in memory while one of its deliveries waits or is sent. */
export const heldBytesOf = ({ body, headers, query }: Pick<Payload, "body" | "headers" | "query">): number =>
  headers.reduce(
    (sum, [name, value]) => sum + name.length + value.length,
    body.byteLength + query.length + overheadBytes,
  );
