import { createHash } from "node:crypto";

import { allHeaders } from "../lib/headers.ts";
import { readPath } from "../lib/json-path.ts";
import type { DedupRule } from "../routing/rules.ts";
import type { Incoming } from "./incoming.ts";

/** What of an event its repeats have in common. */
type Mark = string | Uint8Array | null;

/** Text, and numbers that JavaScript reads exactly: two large ones may be read as one and the same. */
const readable = (value: unknown): string | null => {
  if (typeof value === "string") return value === "" ? null : value;
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : null;
};

const headerOf = ({ headers }: Incoming, name: string): string | null => {
  const [value, ...repeats] = allHeaders(headers, name);
  return repeats.length === 0 ? readable(value) : null;
};

const markOf = (
  { strategy, field }: DedupRule,
  incoming: Incoming,
  { readBody, providerEventId }: { readBody: () => unknown; providerEventId: string | null },
): Mark => {
  switch (strategy) {
    case "payload_hash":
      // Of what has no body, all would be repeats of one.
      return incoming.body.byteLength === 0 ? null : incoming.body;
    case "header_field":
      return headerOf(incoming, field);
    case "body_field":
      return readable(readPath(readBody(), field));
    case "provider_id":
      return providerEventId;
  }
};

/**
 * What its source knows an event and its repeats by, 32 bytes; null when the event does not say it, and so is unique. The
 * strategy is part of it: what one of them saw is not what another looks for.
 */
export const dedupKeyOf = (
  rule: DedupRule,
  incoming: Incoming,
  found: { readonly readBody: () => unknown; readonly providerEventId: string | null },
): Buffer | null => {
  const mark = markOf(rule, incoming, found);
  if (mark === null) return null;
  return createHash("sha256").update(`${rule.strategy}/${rule.field}\n`).update(mark).digest();
};
