import { createHmac } from "node:crypto";

import { findHeader, type Headers } from "../lib/headers.ts";
import { readPath } from "../lib/json-path.ts";
import { soleHeaderRefusal } from "./_sole-header.ts";
import type { Handshake } from "./preset.ts";

/** What may be a handshake. */
export type HandshakeRequest = {
  method: string;
  headers: Headers;
  /** The raw query string, without `?`. */
  query: string;
  /** The parsed JSON body, or undefined when it is not JSON. Called only by handshakes that look into it. */
  readBody: () => unknown;
  /** Whether the request is validly signed. Called only by handshakes that senders sign. */
  isGenuine: () => boolean;
  /** The source's secrets, the current one first. */
  secrets: readonly string[];
};

/** What answers a handshake. */
export type HandshakeAnswer = { status: 200 | 204; headers: Headers; body: string };

/** Nothing that a browser or a shell could take for more than a word is echoed, and at most 1 KiB of it. */
const challengePattern = /^[A-Za-z0-9._~-]{1,1024}$/;

const wordOf = (value: unknown): string | null =>
  typeof value === "string" && challengePattern.test(value) ? value : null;

const parameterOf = (query: string, name: string): string | null => {
  const [value, ...repeats] = new URLSearchParams(query).getAll(name);
  return repeats.length === 0 ? wordOf(value) : null;
};

const headerOf = (headers: Headers, name: string): string | null =>
  soleHeaderRefusal(headers, name) === null ? wordOf(findHeader(headers, name)) : null;

const empty = (status: 200 | 204): HandshakeAnswer => ({
  status,
  // Discord wants a content type on an answer without content.
  headers: [["content-type", "text/plain; charset=utf-8"]],
  body: "",
});

const text = (challenge: string | null): HandshakeAnswer | null =>
  challenge === null ? null : { ...empty(200), body: challenge };

const json = (value: Readonly<Record<string, string>>): HandshakeAnswer => ({
  status: 200,
  headers: [["content-type", "application/json"]],
  body: JSON.stringify(value),
});

type Kind<Name extends Handshake["kind"]> = Extract<Handshake, { kind: Name }>;

const queryChallenge = (
  { parameter, given }: Kind<"query_challenge">,
  { query }: HandshakeRequest,
): HandshakeAnswer | null => {
  const isAsked = given === undefined || parameterOf(query, given.parameter) === given.value;
  return isAsked ? text(parameterOf(query, parameter)) : null;
};

const headerChallenge = (
  { header, answerKey }: Kind<"header_challenge">,
  { headers }: HandshakeRequest,
): HandshakeAnswer | null => {
  const challenge = headerOf(headers, header);
  return challenge === null ? null : json({ [answerKey]: challenge });
};

const headerEcho = ({ header }: Kind<"header_echo">, { headers }: HandshakeRequest): HandshakeAnswer | null => {
  const secret = headerOf(headers, header);
  return secret === null ? null : { ...empty(200), headers: [[header, secret]] };
};

const challengeAt = (
  { path, value, challengePath }: Pick<Kind<"body_challenge">, "path" | "value" | "challengePath">,
  { readBody }: HandshakeRequest,
): string | null => {
  const body = readBody();
  return readPath(body, path) === value ? wordOf(readPath(body, challengePath)) : null;
};

const hmacChallenge = (handshake: Kind<"hmac_challenge">, request: HandshakeRequest): HandshakeAnswer | null => {
  const challenge = challengeAt(handshake, request);
  const [secret] = request.secrets;
  if (challenge === null || secret === undefined || !request.isGenuine()) return null;
  // A word cannot be what is signed of an event, so nobody can have a signature made here.
  const hmac = createHmac("sha256", secret).update(challenge).digest("hex");
  return json({ [handshake.answer.challenge]: challenge, [handshake.answer.hmac]: hmac });
};

const methodOf = (handshake: Handshake): "GET" | "HEAD" | "POST" => {
  switch (handshake.kind) {
    case "query_challenge":
    case "header_challenge":
      return "GET";
    case "body_challenge":
    case "header_echo":
    case "hmac_challenge":
    case "ping":
      return "POST";
    case "probe":
      return handshake.method;
  }
};

/** What answers a sender's handshake, or null when the request is an ordinary one. */
export const answerHandshake = (handshake: Handshake | null, request: HandshakeRequest): HandshakeAnswer | null => {
  if (handshake === null || request.method !== methodOf(handshake)) return null;
  switch (handshake.kind) {
    case "query_challenge":
      return queryChallenge(handshake, request);
    case "header_challenge":
      return headerChallenge(handshake, request);
    case "body_challenge":
      return text(challengeAt(handshake, request));
    case "header_echo":
      return headerEcho(handshake, request);
    case "hmac_challenge":
      return hmacChallenge(handshake, request);
    case "ping": {
      const isAsked = readPath(request.readBody(), handshake.path) === handshake.value;
      return isAsked && request.isGenuine() ? empty(handshake.status) : null;
    }
    case "probe":
      return empty(200);
  }
};
