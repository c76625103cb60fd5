import { createHmac } from "node:crypto";

import * as fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";

import { allHeaders, findHeader } from "../../src/lib/headers.ts";
import { type SignedAttempt, signDelivery } from "../../src/signing/delivery.ts";

const secret = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const oldSecret = `whsec_${Buffer.alloc(32, 2).toString("base64")}`;

const attempt = (changes: Partial<SignedAttempt> = {}): SignedAttempt => ({
  headerPrefix: "krafter",
  secrets: [secret],
  body: Buffer.from('{"id":1,"name":"Zoë"}'),
  deliveryWebhookId: "msg_0190b0c4",
  attemptId: "0190b0c4-0000-7000-8000-000000000001",
  // The reference library reads the real clock.
  nowMs: Date.now(),
  eventType: "order.created",
  ...changes,
});

const verifiesWith = (key: string | Webhook, signed: SignedAttempt): boolean => {
  const webhook = typeof key === "string" ? new Webhook(key) : key;
  try {
    webhook.verify(Buffer.from(signed.body), Object.fromEntries(signDelivery(signed)), { jsonParse: false });
    return true;
  } catch {
    return false;
  }
};

test("the signature is the hex HMAC-SHA256 of the body with the secret's whole text", () => {
  const signed = attempt();
  const expected = createHmac("sha256", secret).update(signed.body).digest("hex");
  expect(findHeader(signDelivery(signed), "x-krafter-signature")).toBe(`sha256=${expected}`);
});

test("a known message has the signatures that OpenSSL computes", () => {
  const headers = signDelivery(attempt({ secrets: ["shhh"], body: Buffer.from("hello"), nowMs: 1_700_000_000_999 }));
  expect(headers).toEqual([
    ["x-krafter-event", "order.created"],
    ["x-krafter-webhook-id", "0190b0c4-0000-7000-8000-000000000001"],
    ["webhook-id", "msg_0190b0c4"],
    ["webhook-timestamp", "1700000000"],
    ["x-krafter-signature", "sha256=38cbc7d6702d75d0bfef9042920971f06efe3e6ca3ef7c004e1d5fc6664c999b"],
    ["webhook-signature", "v1,y8T/hPH+++IYa1LoS4Yq3QhjvD2vAC0SOGzdqHNDsj4="],
  ]);
});

test("the Standard Webhooks reference library accepts what we sign", () => {
  expect(verifiesWith(secret, attempt())).toBe(true);
  expect(verifiesWith(oldSecret, attempt())).toBe(false);
});

test("a secret that is not base64 signs with its text", () => {
  const phrase = new Webhook("correct horse battery staple", { format: "raw" });
  expect(verifiesWith(phrase, attempt({ secrets: ["correct horse battery staple"] }))).toBe(true);
});

test("during a rotation receivers with either secret accept, and only the current one makes the product's own", () => {
  const signed = attempt({ secrets: [secret, oldSecret] });
  expect(verifiesWith(secret, signed)).toBe(true);
  expect(verifiesWith(oldSecret, signed)).toBe(true);
  const alone = signDelivery({ ...signed, secrets: [secret] });
  expect(allHeaders(signDelivery(signed), "x-krafter-signature")).toEqual(allHeaders(alone, "x-krafter-signature"));
});

test("without a secret there is no signature, and everything else is there", () => {
  const names = signDelivery(attempt({ secrets: [] })).map(([name]) => name);
  expect(names).toEqual(["x-krafter-event", "x-krafter-webhook-id", "webhook-id", "webhook-timestamp"]);
});

test("the product's own headers take the configured prefix", () => {
  const names = signDelivery(attempt({ headerPrefix: "acme" })).map(([name]) => name);
  expect(names.filter((name) => name.startsWith("x-"))).toEqual([
    "x-acme-event",
    "x-acme-webhook-id",
    "x-acme-signature",
  ]);
});

test.for([
  [null, "unknown"],
  ["", "unknown"],
  ["invoice.paid", "invoice.paid"],
  ["orders/create", "orders/create"],
  ["Order Completed", "Order Completed"],
  [" padded ", "%20padded%20"],
  ["100%", "100%25"],
  ["a\r\nx-evil: 1", "a%0D%0Ax-evil: 1"],
  ["naïve", "na%C3%AFve"],
  ["注文", "%E6%B3%A8%E6%96%87"],
  ["🦊", "%F0%9F%A6%8A"],
  ["\u007f", "%7F"],
] as const)("the event type %j is sent as %j", ([eventType, sent]) => {
  expect(findHeader(signDelivery(attempt({ eventType })), "x-krafter-event")).toBe(sent);
});

test("any event type becomes one header-safe value that decodes to the original", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1 }), (eventType) => {
      const sent = findHeader(signDelivery(attempt({ eventType })), "x-krafter-event")!;
      expect(sent).toMatch(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/);
      expect(decodeURIComponent(sent)).toBe(eventType);
    }),
  );
});

test("half characters in an event type do not stop a delivery", () => {
  expect(findHeader(signDelivery(attempt({ eventType: "a\ud800" })), "x-krafter-event")).toBe("a%EF%BF%BD");
});

test("any bytes are signed as they are, and one changed bit is noticed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), (body, at) => {
      const changed = Uint8Array.from(body);
      const bit = at % (body.length * 8);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const nowMs = 1_700_000_000_000;
      const [before, after] = [body, changed].map((bytes) => signDelivery(attempt({ body: bytes, nowMs })));
      expect(findHeader(after!, "x-krafter-signature")).not.toBe(findHeader(before!, "x-krafter-signature"));
      expect(findHeader(after!, "webhook-signature")).not.toBe(findHeader(before!, "webhook-signature"));
    }),
  );
});
