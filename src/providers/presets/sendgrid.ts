import type { Preset } from "../preset.ts";

/** The source's secret is the verification key of the Event Webhook's settings. */
export const preset: Preset = {
  name: "sendgrid",
  title: "SendGrid",
  docsUrl:
    "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features",
  // No age is documented as too great, nor whether a later try is signed anew.
  verification: {
    kind: "public_key",
    algorithm: "ecdsa_p256",
    encoding: "base64",
    header: "x-twilio-email-event-webhook-signature",
    timestampHeader: "x-twilio-email-event-webhook-timestamp",
    signed: ["timestamp", "body"],
  },
  // One request holds events of several kinds.
  eventType: null,
  deliveryId: null,
  ownHeaders: ["x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"],
  handshake: null,
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify([
      {
        email: "ada@example.com",
        timestamp: 1762020000,
        event: "delivered",
        sg_event_id: "ZGVsaXZlcmVkLTAtMQ",
        sg_message_id: "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
      },
    ]),
    eventType: null,
    deliveryId: null,
  },
};
