import { answerHandshake, type HandshakeAnswer } from "../providers/handshake.ts";
import type { RoutedSource } from "../routing/table.ts";
import { type Tolerances, verifyFor } from "../routing/verify.ts";
import type { Incoming } from "./incoming.ts";
import { lazyJson } from "./lazy-json.ts";

/** Whether the senders of a source ask questions with requests of this method. */
export const mayAsk = ({ preset }: RoutedSource, method: string): boolean => {
  const kind = preset?.handshake?.kind;
  switch (kind) {
    case "query_challenge":
    case "header_challenge":
      return method === "GET";
    case "probe":
      return method === "HEAD";
    case "body_challenge":
    case "header_echo":
    case "hmac_challenge":
    case "ping":
      return method === "POST";
    case undefined:
      return false;
  }
};

/** What answers a request that is its sender's question and no event; null for all others. */
export const handshakeOf = (
  routed: RoutedSource,
  incoming: Incoming,
  tolerances: Tolerances,
): HandshakeAnswer | null => {
  const { preset, secretsAt } = routed;
  const handshake = preset?.handshake ?? null;
  if (handshake === null || !mayAsk(routed, incoming.method)) return null;
  const atMs = incoming.receivedAtMs;
  const secrets = secretsAt(atMs);
  return answerHandshake(handshake, {
    ...incoming,
    readBody: lazyJson(incoming.body),
    isGenuine: () => verifyFor(routed, incoming, { secretsAtMs: atMs, nowMs: atMs }, tolerances)?.valid === true,
    secrets: secrets.kind === "opened" ? secrets.secrets : [],
  });
};
