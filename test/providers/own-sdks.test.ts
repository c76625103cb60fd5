import { createHmac } from "node:crypto";

import { sign as signLikeGithub } from "@octokit/webhooks-methods";
import { EventWebhook } from "@sendgrid/eventwebhook";
import { verifyKey } from "discord-interactions";
import { Webhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { Webhook as Svix } from "svix";
import twilio from "twilio/lib/webhooks/webhooks.js";
import { describe, expect, test } from "vitest";

import { findHeader, type Headers } from "../../src/lib/headers.ts";
import { resign } from "../../src/providers/sign.ts";
import { verify } from "../../src/providers/verify.ts";
import { ingestUrl, nowMs, shippedPreset, signedSample, sourceSecret } from "../support/presets.ts";

const secret = "whsec_test_secret";
const stripe = new Stripe("sk_test_123");
const bodies = ['{"id":"evt_1"}', '{"name":"Zoë 🦊 注文"}', "not json", "\r\n", "{ }  "];

const isValid = (provider: string, headers: Headers, body: string, secrets = [secret]): boolean =>
  verify(shippedPreset(provider).verification, { headers, body: Buffer.from(body), secrets, nowMs }).valid;

test.for(bodies)("what Stripe's library signs is valid: %j", (payload) => {
  const header = stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: nowMs / 1000 });
  expect(isValid("stripe", [["stripe-signature", header]], payload)).toBe(true);
  expect(isValid("stripe", [["stripe-signature", header]], `${payload} `)).toBe(false);
});

test("what GitHub's library signs is valid", async () => {
  for (const body of bodies) {
    const headers: Headers = [["x-hub-signature-256", await signLikeGithub(secret, body)]];
    expect(isValid("github", headers, body)).toBe(true);
    expect(isValid("github", headers, body, ["another"])).toBe(false);
  }
});

test.for(bodies)("what Shopify documents is valid: base64 of the HMAC-SHA256 of the body: %j", (body) => {
  const headers: Headers = [["x-shopify-hmac-sha256", createHmac("sha256", secret).update(body).digest("base64")]];
  expect(isValid("shopify", headers, body)).toBe(true);
  expect(isValid("shopify", headers, `${body}x`)).toBe(false);
});

test("what Slack documents is valid: its own example", () => {
  // https://docs.slack.dev/authentication/verifying-requests-from-slack
  const body =
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V" +
    "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=" +
    "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN" +
    "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
  const headers: Headers = [
    ["x-slack-request-timestamp", "1531420618"],
    ["x-slack-signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"],
  ];
  const request = { headers, body: Buffer.from(body), secrets: ["8f742231b10e8888abcd99yyyzzz85a5"] };
  const { verification } = shippedPreset("slack");
  expect(verify(verification, { ...request, nowMs: 1_531_420_618_000 }).reason).toBe("ok");
  expect(verify(verification, { ...request, nowMs }).reason).toBe("stale");
});

test("what Paddle documents is valid: ts and h1 over time, colon and body", () => {
  const body = bodies[1]!;
  const mac = createHmac("sha256", secret).update(`1700000000:${body}`).digest("hex");
  expect(isValid("paddle", [["paddle-signature", `ts=1700000000;h1=${mac}`]], body)).toBe(true);
  expect(isValid("paddle", [["paddle-signature", `ts=1700000001;h1=${mac}`]], body)).toBe(false);
});

const key = Buffer.alloc(24, 3).toString("base64");

test.for([
  ["with its prefix", `whsec_${key}`],
  ["without it", key],
] as const)("what the Standard Webhooks library signs is valid under a secret %s", ([, standardSecret]) => {
  for (const body of bodies) {
    const headers: Headers = [
      ["webhook-id", "msg_1"],
      ["webhook-timestamp", String(nowMs / 1000)],
      ["webhook-signature", new Webhook(standardSecret).sign("msg_1", new Date(nowMs), body)],
    ];
    expect(isValid("standard_webhooks", headers, body, [standardSecret])).toBe(true);
    expect(isValid("standard_webhooks", headers, `${body} `, [standardSecret])).toBe(false);
  }
});

test("a receiver with Stripe's library accepts a re-signed event, and not the stale one", () => {
  const preset = shippedPreset("stripe");
  const stored = signedSample(preset, secret);
  const laterMs = nowMs + 3_600_000;
  const resigned = resign(preset.verification, stored, { secret, nowMs: laterMs })!;
  const receive = (headers: Headers): Stripe.Event =>
    stripe.webhooks.constructEvent(
      stored.body,
      findHeader(headers, "stripe-signature")!,
      secret,
      300,
      undefined,
      laterMs,
    );
  expect(() => receive(stored.headers)).toThrow("Timestamp outside the tolerance zone");
  expect(receive(resigned).id).toBe(preset.sample.deliveryId);
});

test("a receiver with the Standard Webhooks library accepts a re-signed event with the sender's own id", () => {
  const preset = shippedPreset("standard_webhooks");
  const standardSecret = `whsec_${key}`;
  // The library reads the real clock.
  const resigned = resign(preset.verification, signedSample(preset, standardSecret), {
    secret: standardSecret,
    nowMs: Date.now(),
  })!;
  expect(new Webhook(standardSecret).verify(preset.sample.body, Object.fromEntries(resigned))).toMatchObject({
    type: "contact.created",
  });
  expect(findHeader(resigned, "webhook-id")).toBe(preset.sample.deliveryId);
});

describe("Twilio's library", () => {
  const { verification } = shippedPreset("twilio");
  const json = '{"id":1}';
  const jsonUrl = `${ingestUrl}?bodySHA256=${twilio.getExpectedBodyHash(json)}`;
  const verdict = (signature: string, url: string, body: string): string =>
    verify(verification, {
      headers: [["x-twilio-signature", signature]],
      url,
      body: Buffer.from(body),
      secrets: [secret],
      nowMs,
    }).reason;

  test.for<Record<string, string | string[]>>([
    {},
    { From: "+14155550100", Body: "Zoë 🦊 & co = 100%" },
    { b: "2", B: "1", a: ["z", "y", "z"], "": "x" },
  ])("signs what is valid: %j", (fields) => {
    const pairs = Object.entries(fields).flatMap(([name, value]) => [value].flat().map((each) => [name, each]));
    const body = new URLSearchParams(pairs).toString();
    const signature = twilio.getExpectedTwilioSignature(secret, ingestUrl, fields);
    expect(verdict(signature, ingestUrl, body)).toBe("ok");
    expect(verdict(signature, ingestUrl, `${body}&c=d`)).toBe("mismatch");
  });

  test("signs what is valid: a body of JSON", () => {
    const signature = twilio.getExpectedTwilioSignature(secret, jsonUrl, {});
    expect(verdict(signature, jsonUrl, json)).toBe("ok");
    expect(verdict(signature, jsonUrl, `${json} `)).toBe("mismatch");
  });

  test("accepts what a receiver behind the same URL would be given", () => {
    const { headers, body } = signedSample(shippedPreset("twilio"), secret);
    const fields = Object.fromEntries(new URLSearchParams(body.toString("utf8")));
    const signature = findHeader(headers, "x-twilio-signature")!;
    expect(twilio.validateRequest(secret, signature, ingestUrl, fields)).toBe(true);
  });
});

test("SendGrid's library accepts what is signed here, and nothing else", () => {
  const library = new EventWebhook();
  const preset = shippedPreset("sendgrid");
  for (const body of bodies) {
    const { headers } = signedSample(preset, secret, body);
    const timestamp = findHeader(headers, "x-twilio-email-event-webhook-timestamp")!;
    const signature = findHeader(headers, "x-twilio-email-event-webhook-signature")!;
    const publicKey = library.convertPublicKeyToECDSA(sourceSecret(preset, secret));
    expect(library.verifySignature(publicKey, body, signature, timestamp)).toBe(true);
    expect(library.verifySignature(publicKey, `${body} `, signature, timestamp)).toBe(false);
  }
});

test("Discord's library accepts what is signed here, and nothing else", async () => {
  const preset = shippedPreset("discord");
  for (const body of bodies) {
    const { headers } = signedSample(preset, secret, body);
    const timestamp = findHeader(headers, "x-signature-timestamp")!;
    const signature = findHeader(headers, "x-signature-ed25519")!;
    const publicKey = sourceSecret(preset, secret);
    expect(await verifyKey(body, signature, timestamp, publicKey)).toBe(true);
    expect(await verifyKey(`${body} `, signature, timestamp, publicKey)).toBe(false);
  }
});

test.for(["svix", "clerk", "resend"])("what Svix's library signs is valid for %s, under either name", (provider) => {
  const svixSecret = `whsec_${key}`;
  for (const body of bodies) {
    const signature = new Svix(svixSecret).sign("msg_1", new Date(nowMs), body);
    for (const prefix of ["svix", "webhook"]) {
      const headers: Headers = [
        [`${prefix}-id`, "msg_1"],
        [`${prefix}-timestamp`, String(nowMs / 1000)],
        [`${prefix}-signature`, signature],
      ];
      expect(isValid(provider, headers, body, [svixSecret])).toBe(true);
      expect(isValid(provider, headers, `${body} `, [svixSecret])).toBe(false);
    }
  }
});

test.for(["svix", "webhook"])("a receiver with Svix's library accepts a re-signed event of %s-* headers", (prefix) => {
  const svixSecret = `whsec_${key}`;
  const preset = shippedPreset("svix");
  const stored: Headers = signedSample(preset, svixSecret).headers.map(([name, value]) => [
    name.replace("svix", prefix),
    value,
  ]);
  const body = Buffer.from(preset.sample.body);
  // The library reads the real clock.
  const resigned = resign(preset.verification, { headers: stored, body }, { secret: svixSecret, nowMs: Date.now() })!;
  expect(resigned.map(([name]) => name).toSorted()).toEqual(stored.map(([name]) => name).toSorted());
  expect(() => new Svix(svixSecret).verify(body, Object.fromEntries(resigned))).not.toThrow();
  expect(() => new Svix(svixSecret).verify(body, Object.fromEntries(stored))).toThrow("Message timestamp too old");
});
