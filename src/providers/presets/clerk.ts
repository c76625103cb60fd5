import type { Preset } from "../preset.ts";
import { preset as svix } from "./svix.ts";

/** Sent by Svix. */
export const preset: Preset = {
  ...svix,
  name: "clerk",
  title: "Clerk",
  docsUrl: "https://clerk.com/docs/guides/development/webhooks/overview",
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
