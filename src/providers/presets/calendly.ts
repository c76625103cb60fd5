import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "calendly",
  title: "Calendly",
  docsUrl: "https://developer.calendly.com/api-docs/ZG9jOjM2MzE2MDM4-webhook-signatures",
  // Calendly's example allows 3 minutes; a late event would be lost here.
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "hex",
    header: "calendly-webhook-signature",
    form: { kind: "list", separator: ",", assign: "=", key: "v1" },
    timestamp: { place: { in: "list", key: "t" }, toleranceSeconds: 300, future: "accepted" },
    signed: ["timestamp", { text: "." }, "body"],
  },
  eventType: { in: "body", path: "event" },
  deliveryId: null,
  ownHeaders: ["calendly-webhook-signature"],
  handshake: null,
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      event: "invitee.created",
      created_at: "2025-11-01T18:00:00.000000Z",
      created_by: "https://api.calendly.com/users/AAAAAAAAAAAAAAAA",
      payload: { email: "ada@example.com", status: "active" },
    }),
    eventType: "invitee.created",
    deliveryId: null,
  },
};
