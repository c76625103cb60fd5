import type { Preset } from "../preset.ts";

/** Any sender that follows the specification, with the header names that it gives. */
export const preset: Preset = {
  name: "standard_webhooks",
  title: "Standard Webhooks",
  docsUrl: "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
  verification: { kind: "standard_webhooks", prefix: "webhook" },
  eventType: { in: "body", path: "type" },
  deliveryId: { in: "header", name: "webhook-id" },
  ownHeaders: ["webhook-id", "webhook-signature", "webhook-timestamp"],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["webhook-id", "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"],
    ],
    body: JSON.stringify({
      type: "contact.created",
      timestamp: "2025-11-01T18:00:00.000Z",
      data: { id: "1f81eb52-5198-4599-803e-771906343485", name: "Ada" },
    }),
    eventType: "contact.created",
    deliveryId: "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
  },
};
