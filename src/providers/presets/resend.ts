import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "resend",
  title: "Resend",
  docsUrl: "https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests",
  verification: { kind: "standard_webhooks", prefix: "svix" },
  eventType: { in: "body", path: "type" },
  deliveryId: { in: "header", name: "svix-id", or: "webhook-id" },
  ownHeaders: ["svix-id", "svix-signature", "svix-timestamp", "webhook-id", "webhook-signature", "webhook-timestamp"],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["svix-id", "msg_2oWk1dNvHQzJc7bXyR4tGf0sPaL"],
    ],
    body: JSON.stringify({
      type: "email.delivered",
      created_at: "2025-11-01T18:00:00.000Z",
      data: { email_id: "56761188-7520-42d8-8898-ff6fc54ce618", to: ["ada@example.com"] },
    }),
    eventType: "email.delivered",
    deliveryId: "msg_2oWk1dNvHQzJc7bXyR4tGf0sPaL",
  },
};
