import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "shopify",
  title: "Shopify",
  docsUrl: "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "base64",
    header: "x-shopify-hmac-sha256",
    form: { kind: "plain", prefix: "" },
    timestamp: null,
    signed: ["body"],
  },
  eventType: { in: "header", name: "x-shopify-topic" },
  // Not X-Shopify-Event-Id: one merchant's action can cause deliveries of several topics, all with the same event id.
  deliveryId: { in: "header", name: "x-shopify-webhook-id" },
  ownHeaders: [
    "x-shopify-api-version",
    "x-shopify-event-id",
    "x-shopify-hmac-sha256",
    "x-shopify-name",
    "x-shopify-shop-domain",
    "x-shopify-sub-topic",
    "x-shopify-topic",
    "x-shopify-triggered-at",
    "x-shopify-webhook-id",
  ],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["x-shopify-api-version", "2025-10"],
      ["x-shopify-event-id", "98880550-7158-44d4-b7cd-2c97c8a091b5"],
      ["x-shopify-shop-domain", "example.myshopify.com"],
      ["x-shopify-topic", "orders/create"],
      ["x-shopify-triggered-at", "2025-11-01T18:00:00.000Z"],
      ["x-shopify-webhook-id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"],
    ],
    body: JSON.stringify({
      id: 549755813,
      name: "#1001",
      email: "jon@example.com",
      currency: "EUR",
      total_price: "29.90",
    }),
    eventType: "orders/create",
    deliveryId: "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
  },
};
