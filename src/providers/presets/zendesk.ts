import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "zendesk",
  title: "Zendesk",
  docsUrl: "https://developer.zendesk.com/documentation/webhooks/verifying/",
  // No age is documented as too great, nor whether a retry is signed anew.
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "base64",
    header: "x-zendesk-webhook-signature",
    form: { kind: "plain", prefix: "" },
    timestamp: {
      format: "iso",
      place: { in: "header", name: "x-zendesk-webhook-signature-timestamp" },
      toleranceSeconds: 0,
      future: "accepted",
    },
    signed: ["timestamp", "body"],
  },
  eventType: { in: "body", path: "type" },
  // Every try of an invocation has its id. The body is the operator's own where a trigger sends it, so its `id` may be a ticket's.
  deliveryId: { in: "header", name: "x-zendesk-webhook-invocation-id" },
  ownHeaders: [
    "x-zendesk-account-id",
    "x-zendesk-webhook-id",
    "x-zendesk-webhook-invocation-id",
    "x-zendesk-webhook-signature",
    "x-zendesk-webhook-signature-timestamp",
  ],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["x-zendesk-account-id", "123456"],
      ["x-zendesk-webhook-id", "01GXYZ3M5N7P9Q1R3S5T7V9W1X"],
      ["x-zendesk-webhook-invocation-id", "01GXYZ4A6B8C0D2E4F6G8H0J2K"],
    ],
    body: JSON.stringify({
      account_id: 123456,
      id: "cbe4028c-7239-495d-b020-f22348516046",
      type: "zen:event-type:ticket.created",
      time: "2025-11-01T18:00:00.000Z",
      zen_event_version: "2022-11-06",
      event: {},
      detail: { id: "35436" },
    }),
    eventType: "zen:event-type:ticket.created",
    deliveryId: "01GXYZ4A6B8C0D2E4F6G8H0J2K",
  },
};
