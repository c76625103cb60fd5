import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "square",
  title: "Square",
  docsUrl: "https://developer.squareup.com/docs/webhooks/step3validate",
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "base64",
    header: "x-square-hmacsha256-signature",
    form: { kind: "plain", prefix: "" },
    timestamp: null,
    signed: ["url", "body"],
  },
  eventType: { in: "body", path: "type" },
  deliveryId: { in: "body", path: "event_id" },
  ownHeaders: [
    "square-environment",
    "square-initial-delivery-timestamp",
    "square-retry-number",
    "square-retry-reason",
    "x-square-hmacsha256-signature",
  ],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["square-environment", "Sandbox"],
      ["square-initial-delivery-timestamp", "2025-11-01T18:00:00Z"],
    ],
    body: JSON.stringify({
      merchant_id: "6SSW7HV8K2ST5",
      type: "payment.created",
      event_id: "13b867cf-db3d-4b1c-90b6-2f32a9d78124",
      created_at: "2025-11-01T18:00:00.000Z",
      data: { type: "payment", id: "hYy9pRFVxpDsO1FB05SunFWUe9JZY" },
    }),
    eventType: "payment.created",
    deliveryId: "13b867cf-db3d-4b1c-90b6-2f32a9d78124",
  },
};
