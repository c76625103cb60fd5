import type { Preset } from "../preset.ts";

/** Mailgun signs a time and a token, and not what happened. No age is documented as too great. */
export const preset: Preset = {
  name: "mailgun",
  title: "Mailgun",
  docsUrl: "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
  verification: {
    kind: "body_proof",
    signaturePath: "signature.signature",
    signedPaths: ["signature.timestamp", "signature.token"],
  },
  eventType: { in: "body", path: "event-data.event" },
  deliveryId: { in: "body", path: "event-data.id" },
  ownHeaders: [],
  handshake: null,
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      signature: {
        timestamp: "1762020000",
        token: "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0",
        signature: "0000000000000000000000000000000000000000000000000000000000000000",
      },
      "event-data": {
        event: "delivered",
        id: "CPgfbmQMTCKtHW6uIWtuVe",
        timestamp: 1762020000.5,
        recipient: "ada@example.com",
      },
    }),
    eventType: "delivered",
    deliveryId: "CPgfbmQMTCKtHW6uIWtuVe",
  },
};
