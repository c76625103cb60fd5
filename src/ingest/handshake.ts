import { answerHandshake, type HandshakeAnswer, handshakeMethod } from "../providers/handshake.ts";
import type { RoutedSource } from "../routing/table.ts";
import { type Tolerances, verifyFor } from "../routing/verify.ts";
import type { Incoming } from "./incoming.ts";
import { lazyJson } from "./lazy-json.ts";

/** Whether the senders of a source ask questions with requests of this method. */
export const mayAsk = ({ preset }: RoutedSource, method: string): boolean => {
  const handshake = preset?.handshake ?? null;
  return handshake !== null && handshakeMethod(handshake) === method;
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
