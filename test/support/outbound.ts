import { systemClock } from "../../src/lib/clock.ts";
import { createOutbound, type Outbound, type OutboundOptions } from "../../src/outbound/outbound.ts";
import type { SendRequest, SendResult } from "../../src/outbound/send.ts";
import { receiverCa } from "./receiver.ts";

/**
 * A way out to receivers on loopback: it may reach 127.0.0.1 and ::1, trusts their certificate, and asks no name
 * server of the machine. `await using` closes it.
 */
export const startOutbound = (options: Partial<OutboundOptions> = {}): Outbound & AsyncDisposable => {
  const outbound = createOutbound({
    clock: systemClock,
    egressAllow: ["127.0.0.1", "::1"],
    tls: { ca: receiverCa },
    ...options,
    resolver: { servers: ["127.0.0.1:9"], timeoutMs: 500, hostsFile: "/nonexistent", ...options.resolver },
  });
  return { ...outbound, [Symbol.asyncDispose]: () => outbound.close() };
};

/** Sends a small POST, with at most 5 s to go. */
export const post = (outbound: Outbound, url: string, request: Partial<SendRequest> = {}): Promise<SendResult> =>
  outbound.send({ url, method: "POST", headers: [], body: Buffer.from("{}"), timeoutMs: 5_000, ...request });

const triesMax = 3;

/**
 * What came within a time. What is late for a reason of its own is late each time; what else the machine does comes and
 * goes, and then it is tried again, twice.
 */
export const within = async (maxMs: number, run: () => Promise<SendResult>): Promise<SendResult> => {
  for (let tries = 1; ; tries += 1) {
    const result = await run();
    if (result.durationMs < maxMs) return result;
    if (tries === triesMax) throw new Error(`it took ${result.durationMs} ms: ${String(outcome(result))}`);
  }
};

/** What a result comes to, for comparing: the status, the code of a failure, or `cancelled`. */
export const outcome = (result: SendResult): number | string => {
  switch (result.kind) {
    case "answered":
      return result.status;
    case "failed":
      return result.code;
    case "unavailable":
    case "cancelled":
      return result.kind;
  }
};
