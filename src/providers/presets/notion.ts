import type { Preset } from "../preset.ts";

/**
 * The first request holds the `verification_token`, unsigned: it is stored as invalid, where people read the token. It is
 * both what Notion asks for and the source's secret.
 */
export const preset: Preset = {
  name: "notion",
  title: "Notion",
  docsUrl: "https://developers.notion.com/reference/webhooks",
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "hex",
    header: "x-notion-signature",
    form: { kind: "plain", prefix: "sha256=" },
    timestamp: null,
    signed: ["body"],
  },
  eventType: { in: "body", path: "type" },
  deliveryId: { in: "body", path: "id" },
  ownHeaders: ["x-notion-signature"],
  handshake: null,
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      id: "367cba44-b6f3-4c92-81e7-6a2e9659efd4",
      timestamp: "2025-11-01T18:00:00.000Z",
      type: "page.created",
      attempt_number: 1,
      entity: { id: "153104cd-477e-809d-8dc4-ff2d96ae3090", type: "page" },
    }),
    eventType: "page.created",
    deliveryId: "367cba44-b6f3-4c92-81e7-6a2e9659efd4",
  },
};
