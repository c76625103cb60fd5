import { once } from "node:events";
import { connect } from "node:net";

import { parseAnswer, type WireAnswer } from "../support/wire.ts";

/** All that a server said on one connection. */
export type Heard = {
  /** In order, those that only ask to go on left out. */
  readonly answers: readonly WireAnswer[];
  /** What came after the last whole answer. */
  readonly rest: string;
  /** How it ended: the server hung up, or we had what we wanted. Silence is neither. */
  readonly end: "closed" | "enough" | "silence";
};

/** Far more than any answer takes: who is silent for so long waits for something that will never come. */
const silenceMs = 3_000;

const readAnswers = (text: string, isHead: (at: number) => boolean): Pick<Heard, "answers" | "rest"> => {
  const answers: WireAnswer[] = [];
  let rest = text;
  for (;;) {
    const parsed = parseAnswer(rest, { hasBody: !isHead(answers.length) });
    if (parsed === null) return { answers, rest };
    rest = parsed.rest;
    if (parsed.answer.status >= 200) answers.push(parsed.answer);
  }
};

/** What to say, in how many writes, and when to have heard enough. */
export type Speech = {
  readonly pieces: readonly Uint8Array[];
  /** Whether the request that is answered n-th has the method HEAD. Default: none. */
  readonly isHead?: (at: number) => boolean;
  /** Default: never, so that the server must hang up. */
  readonly answersWanted?: number;
};

/** Says something on a connection of its own, and listens until the server hangs up or enough was heard. */
export const converse = async (port: number, speech: Speech): Promise<Heard> => {
  const { pieces, isHead = () => false, answersWanted = Infinity } = speech;
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let text = "";
  let end: Heard["end"] | null = null;
  const over = Promise.withResolvers<void>();
  const finish = (why: Heard["end"]): void => {
    end ??= why;
    over.resolve();
  };
  // Whoever is hung up on while it writes sees a reset: what counts is what came before.
  socket.on("error", () => {}).once("close", () => finish("closed"));
  socket.setTimeout(silenceMs, () => finish("silence"));
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    if (readAnswers(text, isHead).answers.length >= answersWanted) finish("enough");
  });
  for (const piece of pieces) await new Promise<void>((resolve) => void socket.write(piece, () => resolve()));
  if (answersWanted === 0) finish("enough");
  await over.promise;
  const isGone = socket.closed ? Promise.resolve() : once(socket, "close");
  socket.destroy();
  await isGone;
  const { answers, rest } = readAnswers(text, isHead);
  // A request that is none may have been one to HEAD all the same.
  const last = end === "closed" ? parseAnswer(rest, { hasBody: false }) : null;
  const heard = last?.rest === "" ? { answers: [...answers, last.answer], rest: "" } : { answers, rest };
  return { ...heard, end: end ?? "closed" };
};

/** Text as it goes over the wire: one byte per character. */
export const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
