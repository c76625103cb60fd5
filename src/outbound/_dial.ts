import { connect, type Socket } from "node:net";

import type { Clock } from "../lib/clock.ts";
import { formatAddress, type Address } from "../lib/ip.ts";
import { EgressError, errorCodeOf } from "./egress-error.ts";

/** What dialing needs besides the addresses. */
export type Dialing = {
  clock: Pick<Clock, "after" | "monotonicMs">;
  /** When to give up, on the monotonic clock. */
  deadlineMs: number;
  /** Hears of every socket before it is connected, so that it can be destroyed. */
  onSocket(socket: Socket): void;
};

/** A name may have hundreds of addresses; if the first few do not answer, the rest will not be reached in time. */
const addressesTriedMax = 8;
/** How long one address holds up the next: long enough for a lost first packet, which TCP repeats after 1 s. */
const attemptMsMax = 2_500;
const keepAliveProbeMs = 60_000;
/** Our own files, ports or memory ran out (connect(2), socket(2)). */
const ownWant = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EADDRNOTAVAIL"]);

/** What a socket came to: ready, or why not. */
type Outcome = { ok: true } | { ok: false; error: unknown } | { ok: false; timedOut: true };

/**
 * Waits until `socket` is ready. If it is not within `waitMs`, it is destroyed. The listener for errors stays: between
 * here and the HTTP client's own listeners an error would otherwise end the process.
 */
export const untilReady = (
  socket: Socket,
  event: "connect" | "secureConnect",
  waitMs: number,
  clock: Pick<Clock, "after">,
): Promise<Outcome> =>
  new Promise((resolve) => {
    const timer = clock.after(waitMs, () => {
      resolve({ ok: false, timedOut: true });
      socket.destroy();
    });
    const end = (outcome: Outcome): void => {
      timer.cancel();
      resolve(outcome);
    };
    socket
      .once(event, () => end({ ok: true }))
      .on("error", (error) => end({ ok: false, error }))
      .once("close", () => end({ ok: false, error: undefined }));
  });

const failureOf = (outcome: Exclude<Outcome, { ok: true }>): EgressError => {
  const code = "timedOut" in outcome ? "ETIMEDOUT" : errorCodeOf(outcome.error);
  if (code === "ETIMEDOUT") return new EgressError("timeout", "the connection was not accepted in time");
  if (ownWant.has(code)) return new EgressError("unavailable", `the gateway could not open a connection (${code})`);
  return new EgressError("connect", `the connection failed (${code})`);
};

/** A TCP connection to the first of `addresses` that accepts one; they are tried in turn. @throws {EgressError} */
export const dial = async (addresses: readonly Address[], port: number, dialing: Dialing): Promise<Socket> => {
  const { clock, deadlineMs, onSocket } = dialing;
  const tried = addresses.slice(0, addressesTriedMax);
  let failure = new EgressError("connect", "the host name has no address");
  for (const [index, address] of tried.entries()) {
    const leftMs = deadlineMs - clock.monotonicMs();
    if (leftMs <= 0) break;
    const socket = connect({
      host: formatAddress(address),
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveProbeMs,
    });
    onSocket(socket);
    const waitMs = index === tried.length - 1 ? leftMs : Math.min(leftMs, attemptMsMax);
    const outcome = await untilReady(socket, "connect", waitMs, clock);
    if (outcome.ok) return socket;
    failure = failureOf(outcome);
  }
  throw failure;
};
