import { errors } from "undici";
import { expect, test } from "vitest";

import { systemClock } from "../../src/lib/clock.ts";
import { createExpiry } from "../../src/outbound/_expiry.ts";
import { failureOf } from "../../src/outbound/_failure.ts";
import { parseEgressAllow } from "../../src/outbound/egress-allow.ts";
import { EgressError } from "../../src/outbound/egress-error.ts";
import { createGuard } from "../../src/outbound/guard.ts";

/** An error as Node makes them: its message holds an address, which ours must not. */
const nodeError = (code: string): Error => Object.assign(new Error(`${code} 10.20.30.40:443`), { code });

test.for([
  [new EgressError("dns", "no address"), "dns"],
  [nodeError("ECONNRESET"), "reset"],
  [nodeError("EPIPE"), "reset"],
  [nodeError("ETIMEDOUT"), "reset"],
  [new errors.SocketError("other side closed"), "reset"],
  [new errors.SocketError("bad response"), "protocol"],
  [new errors.SocketError("bad upgrade"), "protocol"],
  [new errors.HTTPParserError("Expected HTTP/"), "protocol"],
  [new errors.HeadersOverflowError(), "protocol"],
  [new errors.ResponseContentLengthMismatchError(), "protocol"],
  [new errors.InvalidArgumentError("invalid x-key header"), "protocol"],
  [new errors.NotSupportedError("expect header not supported"), "protocol"],
  // A receiver that wants a certificate says so after our side of the TLS 1.3 handshake is over.
  [nodeError("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"), "tls"],
  [nodeError("EPROTO"), "tls"],
  [new Error("10.20.30.40"), "reset"],
  [nodeError("x 10.20.30.40"), "reset"],
  ["10.20.30.40", "reset"],
] as const)("%s is told as %s", ([error, code]) => {
  const failure = failureOf(error);
  expect(failure).toMatchObject({ kind: "failed", code });
  expect(JSON.stringify(failure)).not.toContain("10.20.30.40");
});

test.for([new errors.ClientDestroyedError(), new errors.ClientClosedError()])("%s is no failure", (error) => {
  expect(failureOf(error)).toEqual({ kind: "cancelled" });
});

test("what our own means do not suffice for is told apart", async () => {
  const cause = new EgressError("unavailable", "the gateway could not open a connection (EMFILE)");
  expect(failureOf(cause)).toEqual({ kind: "unavailable", message: cause.message });
  const guard = createGuard({
    allow: parseEgressAllow([]),
    resolver: { resolve: async () => ({ kind: "failed", reason: "overloaded" }), close() {} },
  });
  await expect(guard.admit(new URL("https://receiver.test/"))).rejects.toMatchObject({ code: "unavailable" });
});

test("requests that run out of time together are ended a few in each turn of the event loop", async () => {
  const ended: number[] = [];
  const expire = createExpiry(systemClock);
  for (let number = 0; number < 100; number += 1) expire(() => ended.push(number));
  let before = 0;
  for (let turns = 0; ended.length < 100; turns += 1) {
    await new Promise((resolve) => void setImmediate(resolve));
    expect(ended.length - before).toBeLessThanOrEqual(8);
    expect(turns).toBeLessThan(100);
    before = ended.length;
  }
  expect(ended).toEqual(Array.from({ length: 100 }, (_, number) => number));
});
