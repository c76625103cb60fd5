import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "lemon_squeezy",
  title: "Lemon Squeezy",
  docsUrl: "https://docs.lemonsqueezy.com/help/webhooks/signing-requests",
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "hex",
    header: "x-signature",
    form: { kind: "plain", prefix: "" },
    timestamp: null,
    signed: ["body"],
  },
  eventType: { in: "header", name: "x-event-name" },
  deliveryId: null,
  ownHeaders: ["x-event-name", "x-signature"],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["x-event-name", "order_created"],
    ],
    body: JSON.stringify({ meta: { event_name: "order_created" }, data: { type: "orders", id: "1" } }),
    eventType: "order_created",
    deliveryId: null,
  },
};
