import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "woocommerce",
  title: "WooCommerce",
  docsUrl: "https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks",
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "base64",
    header: "x-wc-webhook-signature",
    form: { kind: "plain", prefix: "" },
    timestamp: null,
    signed: ["body"],
  },
  eventType: { in: "header", name: "x-wc-webhook-topic" },
  deliveryId: { in: "header", name: "x-wc-webhook-delivery-id" },
  ownHeaders: [
    "x-wc-webhook-delivery-id",
    "x-wc-webhook-event",
    "x-wc-webhook-id",
    "x-wc-webhook-resource",
    "x-wc-webhook-signature",
    "x-wc-webhook-source",
    "x-wc-webhook-topic",
  ],
  // Sent, unsigned, when a webhook is saved; one that is not answered 200 is shown as an error.
  // https://github.com/woocommerce/woocommerce/blob/trunk/plugins/woocommerce/includes/class-wc-webhook.php
  handshake: { kind: "form_ping", field: "webhook_id" },
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["x-wc-webhook-delivery-id", "3d5c7b1e9f0a4c2d8e6b7a9c1f2d3e4b"],
      ["x-wc-webhook-event", "created"],
      ["x-wc-webhook-id", "12"],
      ["x-wc-webhook-resource", "order"],
      ["x-wc-webhook-source", "https://shop.example.com/"],
      ["x-wc-webhook-topic", "order.created"],
    ],
    body: JSON.stringify({ id: 727, status: "processing", currency: "EUR", total: "29.35" }),
    eventType: "order.created",
    deliveryId: "3d5c7b1e9f0a4c2d8e6b7a9c1f2d3e4b",
  },
};
