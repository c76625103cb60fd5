import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "twilio",
  title: "Twilio",
  docsUrl: "https://www.twilio.com/docs/usage/webhooks/webhooks-security",
  verification: {
    kind: "hmac",
    algorithm: "sha1",
    encoding: "base64",
    header: "x-twilio-signature",
    form: { kind: "plain", prefix: "" },
    timestamp: null,
    signed: ["url", "form"],
    port: "any",
  },
  // A form does not say what happened: that is for each of the account's URLs to know.
  eventType: null,
  deliveryId: { in: "header", name: "i-twilio-idempotency-token" },
  ownHeaders: ["i-twilio-idempotency-token", "x-twilio-signature"],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/x-www-form-urlencoded"],
      ["i-twilio-idempotency-token", "e15f8d12-6e5c-4a3a-9b0e-2e1f7c8d9a01"],
    ],
    body: "AccountSid=AC0123456789abcdef0123456789abcdef&Body=Hello+there&From=%2B14155550100&MessageSid=SM0123456789abcdef0123456789abcdef&To=%2B14155550199",
    eventType: null,
    deliveryId: "e15f8d12-6e5c-4a3a-9b0e-2e1f7c8d9a01",
  },
};
