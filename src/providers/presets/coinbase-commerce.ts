import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "coinbase_commerce",
  title: "Coinbase Commerce",
  docsUrl: "https://docs.cdp.coinbase.com/commerce/webhooks/overview",
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "hex",
    header: "x-cc-webhook-signature",
    form: { kind: "plain", prefix: "" },
    timestamp: null,
    signed: ["body"],
  },
  eventType: { in: "body", path: "event.type" },
  deliveryId: { in: "body", path: "event.id" },
  ownHeaders: ["x-cc-webhook-signature"],
  handshake: null,
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      id: 1,
      scheduled_for: "2025-11-01T18:00:00Z",
      attempt_number: 1,
      event: {
        id: "24934862-d980-46cb-9402-43c81b0cdba6",
        resource: "event",
        type: "charge:created",
        data: { code: "66BEOV2A" },
      },
    }),
    eventType: "charge:created",
    deliveryId: "24934862-d980-46cb-9402-43c81b0cdba6",
  },
};
