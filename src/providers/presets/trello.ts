import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "trello",
  title: "Trello",
  docsUrl: "https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/",
  verification: {
    kind: "hmac",
    algorithm: "sha1",
    encoding: "base64",
    header: "x-trello-webhook",
    form: { kind: "plain", prefix: "" },
    timestamp: null,
    signed: ["body", "url"],
  },
  eventType: { in: "body", path: "action.type" },
  deliveryId: { in: "body", path: "action.id" },
  ownHeaders: ["x-trello-webhook"],
  handshake: { kind: "probe", method: "HEAD" },
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      action: { id: "51f9424bcd6e040f3c002412", type: "updateCard", date: "2025-11-01T18:00:00.000Z" },
      model: { id: "4d5ea62fd76aa1136000000c", name: "Board" },
    }),
    eventType: "updateCard",
    deliveryId: "51f9424bcd6e040f3c002412",
  },
};
