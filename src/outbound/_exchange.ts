import type { Dispatcher } from "undici";

import type { Clock, Timer } from "../lib/clock.ts";
import type { Headers } from "../lib/headers.ts";
import { failureOf, type Failure } from "./_failure.ts";

/** An answer: its status line and headers came whole. What happened to its body changes nothing. */
export type Answer = {
  kind: "answered";
  status: number;
  headers: Headers;
  /** The first bytes of the body, as far as they came. */
  bodyStart: Buffer;
};

/** What one request on one connection came to. */
export type Ending = Answer | (Failure & { isRepeatable?: boolean });

export type ExchangeOptions = {
  clock: Pick<Clock, "after">;
  bodyStartBytesMax: number;
  /** Whether the connection that a request starts on is new. */
  isNewConnection(): boolean;
  /** Whether anything may be written on the connection that was found. */
  mayGo(): boolean;
  /** Called once. */
  onEnd(ending: Ending): void;
};

/** A receiver that says "ok" needs less; one that sends more is not worth waiting for, since its status is known. */
const bodyBytesMax = 64 * 1024;
const bodyMsMax = 1_000;
/** Honest receivers send a handful before a slow answer. Each is cheap, but without end they cost until the deadline. */
const interimAnswersMax = 32;
/** The parser bounds their bytes; what is kept of them is bounded as well. */
const headersMax = 64;

/** What is told where an answer is known to be there. */
const noAnswer: Failure = { kind: "cancelled" };

const tooLate: Failure = {
  kind: "unavailable",
  message: "by the time there was a connection, it was not to be sent any more",
};

const tooManyInterimAnswers: Failure = {
  kind: "failed",
  code: "protocol",
  message: "the receiver sent too many 1xx answers before a final one",
};

const keepHeaders = (headers: Record<string, string | string[] | undefined>): Headers => {
  const kept: [string, string][] = [];
  for (const [name, value = []] of Object.entries(headers)) {
    for (const each of typeof value === "string" ? [value] : value) kept.push([name, each]);
  }
  return kept.slice(0, headersMax);
};

/**
 * Receives one answer. undici calls it as the bytes come in; whatever happens first (the end of the answer, an error,
 * a bound, `stop`) is the ending, and the rest is ignored.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions;
  #controller: Dispatcher.DispatchController | undefined;
  #isOnNewConnection = false;
  #hasAnswerBegun = false;
  #hasEnded = false;
  /** 102 and 103: the answer is still to come. */
  #interimAnswers = 0;
  #answer: { status: number; headers: Headers } | undefined;
  #bodyTimer: Timer | undefined;
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;
  #bodyBytes = 0;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** Whether the request has been given to a connection. */
  get hasStarted(): boolean {
    return this.#controller !== undefined;
  }

  /** Ends the exchange: as answered, if the status is known, and else as `failure`. Closes the connection. */
  stop(failure: Failure): void {
    this.#end(failure);
    this.#abort();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#isOnNewConnection = this.#options.isNewConnection();
    // It was stopped while it waited for a connection: nothing has been written, and nothing will be.
    if (this.#hasEnded) this.#abort();
    else if (!this.#options.mayGo()) this.stop(tooLate);
  }

  onResponseStarted(): void {
    this.#hasAnswerBegun = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) {
      this.#interimAnswers += 1;
      if (this.#interimAnswers > interimAnswersMax) this.stop(tooManyInterimAnswers);
      return;
    }
    this.#answer = { status, headers: keepHeaders(headers) };
    this.#bodyTimer = this.#options.clock.after(bodyMsMax, () => this.#cut());
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const room = this.#options.bodyStartBytesMax - this.#keptBytes;
    if (room > 0) {
      // A copy: the chunk is a view of a large buffer, which it would keep alive.
      const kept = Buffer.from(chunk.subarray(0, room));
      this.#kept.push(kept);
      this.#keptBytes += kept.length;
    }
    this.#bodyBytes += chunk.length;
    if (this.#bodyBytes > bodyBytesMax) this.#cut();
  }

  onResponseEnd(): void {
    this.#end(noAnswer);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const failure = failureOf(error);
    const isReset = failure.kind === "failed" && failure.code === "reset";
    this.#end({ ...failure, isRepeatable: isReset && !this.#hasAnswerBegun && !this.#isOnNewConnection });
  }

  /** Takes the answer as it is, and closes the connection. */
  #cut(): void {
    this.stop(noAnswer);
  }

  #abort(): void {
    this.#controller?.abort(new Error("the rest is not wanted"));
  }

  #end(unlessAnswered: Ending): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#bodyTimer?.cancel();
    const answer = this.#answer;
    this.#options.onEnd(
      answer === undefined ? unlessAnswered : { kind: "answered", ...answer, bodyStart: Buffer.concat(this.#kept) },
    );
  }
}
