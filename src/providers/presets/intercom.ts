import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "intercom",
  title: "Intercom",
  docsUrl: "https://developers.intercom.com/docs/webhooks/webhook-notifications",
  verification: {
    kind: "hmac",
    algorithm: "sha1",
    encoding: "hex",
    header: "x-hub-signature",
    form: { kind: "plain", prefix: "sha1=" },
    timestamp: null,
    signed: ["body"],
  },
  eventType: { in: "body", path: "topic" },
  deliveryId: { in: "body", path: "id" },
  ownHeaders: ["x-hub-signature"],
  // https://developers.intercom.com/docs/webhooks/setting-up-webhooks
  handshake: { kind: "probe", method: "HEAD" },
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      type: "notification_event",
      topic: "conversation.user.created",
      id: "notif_ccd8a4d0-f965-11e3-a367-c779cae3e1b3",
      app_id: "a86dr8yl",
      delivery_attempts: 1,
      data: { item: { type: "conversation", id: "1165" } },
    }),
    eventType: "conversation.user.created",
    deliveryId: "notif_ccd8a4d0-f965-11e3-a367-c779cae3e1b3",
  },
};
