import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "pagerduty",
  title: "PagerDuty",
  docsUrl: "https://developer.pagerduty.com/docs/verifying-webhook-signatures",
  // While a secret is rotated, there is a signature of each.
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "hex",
    header: "x-pagerduty-signature",
    form: { kind: "list", separator: ",", assign: "=", key: "v1" },
    timestamp: null,
    signed: ["body"],
  },
  eventType: { in: "body", path: "event.event_type" },
  deliveryId: { in: "body", path: "event.id" },
  ownHeaders: ["x-pagerduty-signature", "x-webhook-id", "x-webhook-subscription"],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["x-webhook-id", "9a8b7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d"],
      ["x-webhook-subscription", "PIJ90N7"],
    ],
    body: JSON.stringify({
      event: {
        id: "01BWLLOGCMT4Z9Y2KO4W2ZMFWR",
        event_type: "incident.triggered",
        resource_type: "incident",
        occurred_at: "2025-11-01T18:00:00.000Z",
        data: { id: "PGR0VU2", type: "incident" },
      },
    }),
    eventType: "incident.triggered",
    deliveryId: "01BWLLOGCMT4Z9Y2KO4W2ZMFWR",
  },
};
