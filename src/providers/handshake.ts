import { createHmac } from "node:crypto";

import { findHeader, type Headers } from "../lib/headers.ts";
import { readPath } from "../lib/json-path.ts";
import { isChallengeSentence, isChallengeWord } from "./_challenge-word.ts";
import { soleHeaderRefusal } from "./_sole-header.ts";
import type { Handshake } from "./preset.ts";

/** What may be a handshake. */
export type HandshakeRequest = {
  method: string;
  headers: Headers;
  /** The raw query string, without `?`. */
  query: string;
  body: Uint8Array;
  /** The parsed JSON body, or undefined when it is not JSON. Called only by handshakes that look into it. */
  readBody: () => unknown;
  /** Whether the request is validly signed. Called only by handshakes that senders sign. */
  isGenuine: () => boolean;
  /** The source's secrets, the current one first. */
  secrets: readonly string[];
};

/** What answers a handshake. */
export type HandshakeAnswer = { status: 200 | 204; headers: Headers; body: string };

const wordOf = (value: unknown): string | null => (typeof value === "string" && isChallengeWord(value) ? value : null);

/** A field's name and a number. */
const formPingBytesMax = 64;

const sentenceOf = (value: unknown): string | null =>
  typeof value === "string" && isChallengeSentence(value) ? value : null;

const parameterOf = (query: string, name: string, read = wordOf): string | null => {
  const [value, ...repeats] = new URLSearchParams(query).getAll(name);
  return repeats.length === 0 ? read(value) : null;
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
  { parameter, given, allows }: Kind<"query_challenge">,
  { query }: HandshakeRequest,
): HandshakeAnswer | null => {
  const isAsked = given === undefined || parameterOf(query, given.parameter) === given.value;
  return isAsked ? text(parameterOf(query, parameter, allows === "sentences" ? sentenceOf : wordOf)) : null;
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

const queryHmac = (
  { parameter, answerKey, prefix }: Kind<"query_hmac">,
  { query, secrets: [secret] }: HandshakeRequest,
): HandshakeAnswer | null => {
  const challenge = parameterOf(query, parameter);
  if (challenge === null || secret === undefined) return null;
  // Anybody may ask. What is signed is a word, which is no event (`body_but_words`).
  return json({ [answerKey]: prefix + createHmac("sha256", secret).update(challenge).digest("base64") });
};

const formPing = ({ field }: Kind<"form_ping">, { body }: HandshakeRequest): HandshakeAnswer | null => {
  if (body.length > formPingBytesMax) return null;
  const [name, value, ...rest] = Buffer.from(body).toString("latin1").split("=");
  return name === field && rest.length === 0 && /^\d+$/.test(value ?? "") ? empty(200) : null;
};

/** The method that a sender asks with. */
export const handshakeMethod = (handshake: Handshake): "GET" | "HEAD" | "POST" => {
  switch (handshake.kind) {
    case "query_challenge":
      return handshake.method ?? "GET";
    case "header_challenge":
    case "query_hmac":
      return "GET";
    case "body_challenge":
    case "header_echo":
    case "hmac_challenge":
    case "ping":
    case "form_ping":
      return "POST";
    case "probe":
      return handshake.method;
  }
};

/** What answers a sender's handshake, or null when the request is an ordinary one. */
export const answerHandshake = (handshake: Handshake | null, request: HandshakeRequest): HandshakeAnswer | null => {
  if (handshake === null || request.method !== handshakeMethod(handshake)) return null;
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
    case "query_hmac":
      return queryHmac(handshake, request);
    case "form_ping":
      return formPing(handshake, request);
    case "probe":
      return empty(200);
  }
};
