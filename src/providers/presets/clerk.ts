import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "clerk",
  title: "Clerk",
  docsUrl: "https://clerk.com/docs/guides/development/webhooks/overview",
  verification: { kind: "standard_webhooks", prefix: "svix" },
  eventType: { in: "body", path: "type" },
  deliveryId: { in: "header", name: "svix-id", or: "webhook-id" },
  ownHeaders: ["svix-id", "svix-signature", "svix-timestamp", "webhook-id", "webhook-signature", "webhook-timestamp"],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["svix-id", "msg_2aFQ8mJbGcAbX9v1oHXgVjCZQyK"],
    ],
    body: JSON.stringify({
      data: { id: "user_29w83sxmDNGwOuEthce5gg56FcC", object: "user" },
      object: "event",
      type: "user.created",
    }),
    eventType: "user.created",
    deliveryId: "msg_2aFQ8mJbGcAbX9v1oHXgVjCZQyK",
  },
};
