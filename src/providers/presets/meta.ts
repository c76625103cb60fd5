import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "meta",
  title: "Meta (Facebook, Instagram, Messenger)",
  docsUrl: "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "hex",
    header: "x-hub-signature-256",
    form: { kind: "plain", prefix: "sha256=" },
    timestamp: null,
    signed: ["body"],
  },
  // One request holds changes of several kinds, of which no one is the event's.
  eventType: { in: "body", path: "object" },
  deliveryId: null,
  ownHeaders: ["x-hub-signature", "x-hub-signature-256"],
  // Any `hub.verify_token` will do: whoever subscribes this URL must still sign with the source's secret.
  handshake: {
    kind: "query_challenge",
    parameter: "hub.challenge",
    given: { parameter: "hub.mode", value: "subscribe" },
  },
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      object: "page",
      entry: [
        { id: "100012345678901", time: 1520383571, changes: [{ field: "feed", value: { item: "post", verb: "add" } }] },
      ],
    }),
    eventType: "page",
    deliveryId: null,
  },
};
