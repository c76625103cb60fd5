import type { Preset } from "../preset.ts";

/** Postmark signs nothing: user and password stand in the URL that it is given. The source's secret is `user:password`. */
export const preset: Preset = {
  name: "postmark",
  title: "Postmark",
  docsUrl: "https://postmarkapp.com/developer/webhooks/webhooks-overview",
  verification: { kind: "basic" },
  eventType: { in: "body", path: "RecordType" },
  // A message has several events, also several of one kind.
  deliveryId: null,
  ownHeaders: [],
  handshake: null,
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      RecordType: "Delivery",
      MessageID: "883953f4-6105-42a2-a16a-77a8eac79483",
      Recipient: "ada@example.com",
      DeliveredAt: "2025-11-01T18:00:00Z",
    }),
    eventType: "Delivery",
    deliveryId: null,
  },
};
