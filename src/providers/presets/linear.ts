import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "linear",
  title: "Linear",
  docsUrl: "https://linear.app/developers/webhooks",
  // The body's `webhookTimestamp`, which `linear-timestamp` repeats, is not held against the clock: whether a retry, up to 6 hours later, has a new one is
  // not documented, and repeats are dropped by their id.
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "hex",
    header: "linear-signature",
    form: { kind: "plain", prefix: "" },
    timestamp: null,
    signed: ["body"],
  },
  eventType: { in: "header", name: "linear-event" },
  deliveryId: { in: "header", name: "linear-delivery" },
  ownHeaders: ["linear-delivery", "linear-event", "linear-signature", "linear-timestamp"],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["linear-delivery", "234d1a4e-b617-4388-90fe-adc3633d6b72"],
      ["linear-event", "Issue"],
      ["linear-timestamp", "1762020000000"],
    ],
    body: JSON.stringify({
      action: "create",
      type: "Issue",
      createdAt: "2025-11-01T18:00:00.000Z",
      data: { id: "2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9", title: "An issue" },
      webhookTimestamp: 1762020000000,
      webhookId: "000042e3-d123-4980-b49f-8e140eef9329",
    }),
    eventType: "Issue",
    deliveryId: "234d1a4e-b617-4388-90fe-adc3633d6b72",
  },
};
