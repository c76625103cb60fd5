import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "paddle",
  title: "Paddle",
  docsUrl: "https://developer.paddle.com/webhooks/signature-verification",
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "hex",
    header: "paddle-signature",
    form: { kind: "list", separator: ";", assign: "=", key: "h1" },
    // Paddle's libraries allow 5 s. Here a late event would be lost, and a repeated one is dropped by its id.
    timestamp: { place: { in: "list", key: "ts" }, toleranceSeconds: 300, future: "accepted" },
    signed: ["timestamp", { text: ":" }, "body"],
  },
  eventType: { in: "body", path: "event_type" },
  deliveryId: { in: "body", path: "event_id" },
  ownHeaders: ["paddle-signature", "paddle-version"],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["paddle-version", "1"],
    ],
    body: JSON.stringify({
      event_id: "evt_01hv8x2a9k3zc6b4n5m7p8q9rs",
      event_type: "transaction.completed",
      occurred_at: "2025-11-01T18:00:00.000000Z",
      notification_id: "ntf_01hv8x2b1d4ye7f8g9h0j1k2lm",
      data: { id: "txn_01hv8wptq8987qeep44cyrewp9", status: "completed", currency_code: "EUR" },
    }),
    eventType: "transaction.completed",
    deliveryId: "evt_01hv8x2a9k3zc6b4n5m7p8q9rs",
  },
};
