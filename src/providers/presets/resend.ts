import type { Preset } from "../preset.ts";
import { preset as svix } from "./svix.ts";

/** Sent by Svix. */
export const preset: Preset = {
  ...svix,
  name: "resend",
  title: "Resend",
  docsUrl: "https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests",
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
