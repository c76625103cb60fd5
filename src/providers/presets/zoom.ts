import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "zoom",
  title: "Zoom",
  docsUrl: "https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events",
  // No age is documented as too great, nor whether a retry, up to 90 minutes later, is signed anew.
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "hex",
    header: "x-zm-signature",
    form: { kind: "plain", prefix: "v0=" },
    timestamp: { place: { in: "header", name: "x-zm-request-timestamp" }, toleranceSeconds: 0, future: "accepted" },
    signed: [{ text: "v0:" }, "timestamp", { text: ":" }, "body"],
  },
  eventType: { in: "body", path: "event" },
  deliveryId: null,
  ownHeaders: ["x-zm-request-timestamp", "x-zm-signature"],
  // https://developers.zoom.us/docs/api/webhooks/#validate-your-webhook-endpoint
  handshake: {
    kind: "hmac_challenge",
    path: "event",
    value: "endpoint.url_validation",
    challengePath: "payload.plainToken",
    answer: { challenge: "plainToken", hmac: "encryptedToken" },
  },
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      event: "meeting.started",
      event_ts: 1762020000000,
      payload: { account_id: "AAAAAABBBB", object: { id: "1234567890", topic: "My Meeting" } },
    }),
    eventType: "meeting.started",
    deliveryId: null,
  },
};
