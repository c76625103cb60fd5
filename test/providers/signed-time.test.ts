import { createHmac } from "node:crypto";

import { describe, expect, test } from "vitest";

import { verify } from "../../src/providers/verify.ts";
import { ingestUrl, judge, nowMs, shippedPreset, signedSample, sourceSecret, withHeader } from "../support/presets.ts";

const secret = "the source's secret";
const timestamp = nowMs / 1000;

const stripe = shippedPreset("stripe");
const stripeMac = (time: string | number, key = secret): string =>
  createHmac("sha256", key).update(`${time}.${stripe.sample.body}`).digest("hex");
const [genuine, wrong] = [stripeMac(timestamp), stripeMac(timestamp, "guess")];
const stripeReason = (header: string): string =>
  judge(stripe, withHeader(signedSample(stripe, secret), "stripe-signature", header), secret).reason;

/** The verdict on a sample signed at `nowMs` and judged `ageSeconds` later. */
const reasonAfter = (provider: string, ageSeconds: number, toleranceSeconds?: number): string => {
  const preset = shippedPreset(provider);
  return verify(preset.verification, {
    ...signedSample(preset, secret),
    url: ingestUrl,
    secrets: [sourceSecret(preset, secret)],
    nowMs: nowMs + ageSeconds * 1000,
    ...(toleranceSeconds === undefined ? {} : { toleranceSeconds }),
  }).reason;
};

const limited = ["stripe", "slack", "paddle", "standard_webhooks", "svix", "clerk", "resend", "hubspot", "calendly"];

describe.for(limited)("%s", (provider) => {
  test.for([
    [0, "ok"],
    [300, "ok"],
    [300.999, "ok"],
    [301, "stale"],
    [86_400, "stale"],
    [-300, "ok"],
  ] as const)("a signature of %i seconds ago is %s", ([ageSeconds, reason]) => {
    expect(reasonAfter(provider, ageSeconds)).toBe(reason);
  });

  test("a tolerance of 0 accepts any time", () => {
    expect(reasonAfter(provider, 10 * 365 * 86_400, 0)).toBe("ok");
    expect(reasonAfter(provider, -10 * 365 * 86_400, 0)).toBe("ok");
  });

  test("a given tolerance replaces the scheme's own", () => {
    expect(reasonAfter(provider, 11, 10)).toBe("stale");
    expect(reasonAfter(provider, 3_600, 3_600)).toBe("ok");
  });
});

test.for([
  ["stripe", "ok"],
  ["paddle", "ok"],
  ["hubspot", "ok"],
  ["calendly", "ok"],
  ["slack", "stale"],
  ["svix", "stale"],
  ["standard_webhooks", "stale"],
] as const)("a time ahead of the tolerance is judged as %s's own libraries do: %s", ([provider, reason]) => {
  expect(reasonAfter(provider, -301)).toBe(reason);
});

test("a forgery with a stale time is a forgery, not a stale event", () => {
  expect(stripeReason(`t=1,v1=${stripeMac(1, "guess")}`)).toBe("mismatch");
});

test.for([
  ["a later time than was signed", `t=${timestamp + 1},v1=${stripeMac(timestamp)}`, "mismatch"],
  ["no time", `v1=${stripeMac(timestamp)}`, "malformed"],
  ["an empty time", `t=,v1=${stripeMac("")}`, "malformed"],
  ["a negative time", `t=-1,v1=${stripeMac(-1)}`, "malformed"],
  ["a time with a fraction", `t=${timestamp}.5,v1=${stripeMac(`${timestamp}.5`)}`, "malformed"],
  ["a time in hex", `t=0x6553f100,v1=${stripeMac("0x6553f100")}`, "malformed"],
  ["an exponent", `t=1e99,v1=${stripeMac("1e99")}`, "malformed"],
  ["a time of no number", `t=NaN,v1=${stripeMac("NaN")}`, "malformed"],
  ["digits of another script", `t=١٧٠٠٠٠٠٠٠٠,v1=${stripeMac("١٧٠٠٠٠٠٠٠٠")}`, "malformed"],
  ["a time of 400 digits", `t=${"9".repeat(400)},v1=${stripeMac("9".repeat(400))}`, "malformed"],
  ["two times, both signed", `t=${timestamp},t=${timestamp},v1=${stripeMac(timestamp)}`, "malformed"],
  ["a blank that the sender does not write", `t=${timestamp}, v1=${genuine}`, "malformed"],
  ["only the older scheme", `t=${timestamp},v0=${stripeMac(timestamp)}`, "malformed"],
  ["no names", `${timestamp},${stripeMac(timestamp)}`, "malformed"],
  ["the separator of another sender", `t=${timestamp};v1=${stripeMac(timestamp)}`, "malformed"],
] as const)("a list with %s is refused", ([, header, reason]) => {
  expect(stripeReason(header)).toBe(reason);
});

test.for([
  ["several signatures, the first is genuine", `t=${timestamp},v1=${genuine},v1=${wrong}`, "ok"],
  ["several signatures, the last is genuine", `t=${timestamp},v1=${wrong},v1=junk,v1=${genuine}`, "ok"],
  ["several signatures, none is genuine", `t=${timestamp},v1=${wrong},v1=${wrong}`, "mismatch"],
  ["entries of other schemes beside it", `t=${timestamp},v0=${wrong},v2=x,v1=${genuine},,=,x`, "ok"],
  ["the time at the end", `v1=${genuine},t=${timestamp}`, "ok"],
] as const)("a list with %s: %s", ([, header, reason]) => {
  expect(stripeReason(header)).toBe(reason);
});

test("each part of what Standard Webhooks signs must be there once and be the one signed", () => {
  const preset = shippedPreset("standard_webhooks");
  const signed = signedSample(preset, secret);
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
    const without = { ...signed, headers: signed.headers.filter(([here]) => here !== name) };
    const twice = { ...signed, headers: [...signed.headers, [name, "1"] as const] };
    expect(judge(preset, without, secret).reason).toBe("missing_header");
    expect(judge(preset, twice, secret).reason).toBe("malformed");
  }
  expect(judge(preset, withHeader(signed, "webhook-id", "msg_other"), secret).reason).toBe("mismatch");
  expect(judge(preset, withHeader(signed, "webhook-timestamp", "1700000001"), secret).reason).toBe("mismatch");
  expect(judge(preset, withHeader(signed, "webhook-timestamp", "soon"), secret).reason).toBe("malformed");
});

// Their documentation names no limit, nor says that a later try is signed anew: it would be lost.
describe.for(["zendesk", "zoom", "sendgrid", "discord"])("%s, which sets no limit", (provider) => {
  test("accepts any age", () => {
    expect(reasonAfter(provider, 10 * 365 * 86_400)).toBe("ok");
  });

  test("keeps to the limit that an operator sets", () => {
    expect(reasonAfter(provider, 300, 300)).toBe("ok");
    expect(reasonAfter(provider, 301, 300)).toBe("stale");
  });
});

test.for([
  ["hubspot", "x-hubspot-request-timestamp", String(nowMs), "ok"],
  ["hubspot", "x-hubspot-request-timestamp", String(nowMs / 1000), "mismatch"],
  ["hubspot", "x-hubspot-request-timestamp", `${nowMs}.0`, "malformed"],
  ["zendesk", "x-zendesk-webhook-signature-timestamp", "2023-11-14T22:13:20.000Z", "ok"],
  ["zendesk", "x-zendesk-webhook-signature-timestamp", "2023-11-14T22:13:20Z", "mismatch"],
  ["zendesk", "x-zendesk-webhook-signature-timestamp", "2023-11-14", "malformed"],
  ["zendesk", "x-zendesk-webhook-signature-timestamp", "2023-13-45T99:99:99Z", "malformed"],
  ["zendesk", "x-zendesk-webhook-signature-timestamp", "Tue, 14 Nov 2023 22:13:20 GMT", "malformed"],
  ["zendesk", "x-zendesk-webhook-signature-timestamp", "1700000000", "malformed"],
  ["discord", "x-signature-timestamp", "soon", "malformed"],
  ["sendgrid", "x-twilio-email-event-webhook-timestamp", "1700000001", "mismatch"],
] as const)("%s: %s: %s is %s", ([provider, name, value, reason]) => {
  const preset = shippedPreset(provider);
  expect(judge(preset, withHeader(signedSample(preset, secret), name, value), secret).reason).toBe(reason);
});
