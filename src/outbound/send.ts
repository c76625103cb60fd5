import type { Clock } from "../lib/clock.ts";
import type { Headers } from "../lib/headers.ts";
import type { Connector } from "./_connector.ts";
import { Exchange, type Answer, type Ending } from "./_exchange.ts";
import { createExpiry } from "./_expiry.ts";
import type { Failure, FailureCode } from "./_failure.ts";
import type { Pools } from "./_pools.ts";

/** One HTTP request to a destination. */
export type SendRequest = {
  url: URL | string;
  method: string;
  /**
   * In order, repeats included; values are latin1, one character per byte. Names that frame the message (`host`,
   * `content-length`, `connection`, …) are left out: they are made here.
   */
  headers: Headers;
  body?: Uint8Array | undefined;
  /** From the call to the end of the answer's headers: name, connection, TLS, sending and waiting. */
  timeoutMs: number;
  /** How much of the answer's body is handed back. Default: 1,024. */
  bodyStartBytesMax?: number | undefined;
  /** Ends it at once as `cancelled`, unless the answer is there. */
  signal?: AbortSignal | undefined;
  /** Asked once there is a connection, right before the first byte. False: none is written, and it ends as `unavailable`. */
  mayGo?: (() => boolean) | undefined;
};

/**
 * What a request came to. Redirects are answers like any other.
 *
 * - `answered`: status line and headers arrived. A body that is endless, slow, cut off or not as long as it says
 *   changes nothing.
 * - `failed`: no answer. `timeout` is any wait that was too long, for a connection as well; `reset` a connection that
 *   ended; `protocol` an answer that is not HTTP/1.1, or a request that cannot be written as it. Messages show no
 *   address, query or credential.
 * - `unavailable`: nothing was sent, for want of our own means (open files, ports, memory, look-ups), or of the right to.
 * - `cancelled`: the caller's signal, or `close`.
 */
export type SendResult =
  | (Answer & { durationMs: number })
  | {
      kind: "failed";
      code: FailureCode;
      message: string;
      durationMs: number;
      /** Whether a connection from the pool was reset before any answer, and this is the failure of the second try. */
      beforeAnswerOnReusedSocket: boolean;
    }
  | { kind: "unavailable"; message: string; durationMs: number }
  | { kind: "cancelled"; durationMs: number };

/** Sends one request. Never throws. */
export type Send = (request: SendRequest) => Promise<SendResult>;

export type SendParts = {
  clock: Pick<Clock, "after" | "soon" | "monotonicMs">;
  pools: Pick<Pools, "shared" | "fresh">;
  connector: Pick<Connector, "isHandingOver" | "openSockets">;
};

const bodyStartBytesDefault = 1_024;
/** Connections kept alive without a request on them. Beyond it a connection is closed after its answer. */
const idleSocketsMax = 1_024;

/** What HTTP/1.1 says about the message or the connection and not about its content: ours to say. */
const framingNames = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** As undici takes them: name, value, name, value, … */
const flatHeaders = (headers: Headers): string[] => {
  const flat: string[] = [];
  for (const [name, value] of headers) if (!framingNames.has(name.toLowerCase())) flat.push(name, value);
  return flat;
};

const timedOut = (exchange: Exchange): Failure => ({
  kind: "failed",
  code: "timeout",
  message: exchange.hasStarted ? "there was no answer in time" : "there was no connection in time",
});

const toResult = (ending: Ending, durationMs: number, wasRepeated: boolean): SendResult => {
  switch (ending.kind) {
    case "answered":
      return { ...ending, durationMs };
    case "cancelled":
      return { kind: "cancelled", durationMs };
    case "unavailable":
      return { kind: "unavailable", message: ending.message, durationMs };
    case "failed": {
      const { kind, code, message } = ending;
      return { kind, code, message, durationMs, beforeAnswerOnReusedSocket: wasRepeated };
    }
  }
};

const always = (): boolean => true;

const badUrl: Ending = { kind: "failed", code: "protocol", message: "the URL is not an http or https URL" };

/** `send` over `pools`. */
export const createSend = ({ clock, pools, connector }: SendParts): Send => {
  const expire = createExpiry(clock);
  let inFlight = 0;

  return (request) => {
    const beganMs = clock.monotonicMs();
    const { promise, resolve } = Promise.withResolvers<SendResult>();
    const url = typeof request.url === "string" ? URL.parse(request.url) : request.url;
    if (url === null || !/^https?:$/.test(url.protocol)) {
      resolve(toResult(badUrl, 0, false));
      return promise;
    }
    const options = {
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: request.method,
      headers: flatHeaders(request.headers),
      body: request.body ?? null,
      // The deadline below is exact; undici's own timers may be late by a second (measured).
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    let wasRepeated = false;
    let exchange: Exchange;

    const onEnd = (ending: Ending): void => {
      if (ending.kind === "failed" && ending.isRepeatable === true && !wasRepeated) {
        wasRepeated = true;
        exchange = begin();
        // A pool whose receiver has restarted holds more dead connections: this one must be new.
        pools.fresh.dispatch({ ...options, reset: true }, exchange);
        return;
      }
      deadline.cancel();
      request.signal?.removeEventListener("abort", cancel);
      inFlight -= 1;
      resolve(toResult(ending, Math.round(clock.monotonicMs() - beganMs), wasRepeated));
    };
    const begin = (): Exchange =>
      new Exchange({
        clock,
        bodyStartBytesMax: request.bodyStartBytesMax ?? bodyStartBytesDefault,
        isNewConnection: connector.isHandingOver,
        mayGo: request.mayGo ?? always,
        onEnd,
      });
    const cancel = (): void => exchange.stop({ kind: "cancelled" });
    const deadline = clock.after(request.timeoutMs, () => expire(() => exchange.stop(timedOut(exchange))));

    const idleSockets = connector.openSockets() - inFlight;
    inFlight += 1;
    exchange = begin();
    request.signal?.addEventListener("abort", cancel);
    if (request.signal?.aborted === true) cancel();
    else pools.shared.dispatch(idleSockets > idleSocketsMax ? { ...options, reset: true } : options, exchange);
    return promise;
  };
};
