import { allHeaders, type Headers } from "../lib/headers.ts";

/** What decides which of the sender's headers go on. All names are in lower case. */
export type ForwardRules = {
  /** Names that the provider declares as its own. */
  readonly ownHeaders: readonly string[];
  /** Names that the destination asks for. */
  readonly forwardHeaders: readonly string[];
  /** Names that carry the source's credential. */
  readonly credentialHeaders: readonly string[];
  /** The middle of our own names: `x-<prefix>-…`. */
  readonly headerPrefix: string;
};

const alwaysForwarded = new Set(["content-type", "content-encoding", "content-language"]);

/** Names that belong to one connection or to one hop, or that tell a receiver whom to trust. */
const neverForwarded = new Set([
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "host",
  "cookie",
  "authorization",
  "content-length",
  "forwarded",
  "x-real-ip",
  "user-agent",
]);

const neverForwardedPrefixes = ["x-forwarded-", "proxy-"];

const isRefused = (name: string, { credentialHeaders, headerPrefix }: ForwardRules): boolean =>
  neverForwarded.has(name) ||
  neverForwardedPrefixes.some((prefix) => name.startsWith(prefix)) ||
  name.startsWith(`x-${headerPrefix}-`) ||
  credentialHeaders.includes(name);

/** Names of Standard Webhooks are ours on what we send; a provider's own move aside. */
const standardWebhooksNames = new Set(["webhook-id", "webhook-timestamp", "webhook-signature"]);

const forwardedName = (name: string): string => (standardWebhooksNames.has(name) ? `x-original-${name}` : name);

/**
 * The sender's headers that a receiver gets, by allow-list: whatever is not named is dropped, so nobody can inject a
 * header. Names listed in the sender's own `connection` header are hop-by-hop and are dropped as well (RFC 9110, 7.6.1).
 */
export const forwardedHeaders = (headers: Headers, rules: ForwardRules): Headers => {
  const isWanted = (name: string): boolean =>
    alwaysForwarded.has(name) || rules.ownHeaders.includes(name) || rules.forwardHeaders.includes(name);
  const hopByHop = allHeaders(headers, "connection").flatMap((value) =>
    value.split(",").map((name) => name.trim().toLowerCase()),
  );
  const forwarded: [string, string][] = [];
  for (const [name, value] of headers) {
    if (isWanted(name) && !hopByHop.includes(name) && !isRefused(name, rules)) {
      forwarded.push([forwardedName(name), value]);
    }
  }
  return forwarded;
};
