import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "slack",
  title: "Slack",
  docsUrl: "https://docs.slack.dev/authentication/verifying-requests-from-slack",
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "hex",
    header: "x-slack-signature",
    form: { kind: "plain", prefix: "v0=" },
    timestamp: {
      place: { in: "header", name: "x-slack-request-timestamp" },
      toleranceSeconds: 300,
      future: "refused",
    },
    signed: [{ text: "v0:" }, "timestamp", { text: ":" }, "body"],
  },
  // The outer `type` of every event is `event_callback`.
  eventType: { in: "body", path: "event.type" },
  deliveryId: { in: "body", path: "event_id" },
  ownHeaders: ["x-slack-request-timestamp", "x-slack-retry-num", "x-slack-retry-reason", "x-slack-signature"],
  // https://docs.slack.dev/reference/events/url_verification
  handshake: { kind: "body_challenge", path: "type", value: "url_verification", challengePath: "challenge" },
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      type: "event_callback",
      team_id: "T123ABC456",
      api_app_id: "A123ABC456",
      event_id: "Ev123ABC456",
      event_time: 1515449522,
      event: { type: "app_mention", user: "U123ABC456", text: "<@U0LAN0Z89> hello", channel: "C123ABC456" },
    }),
    eventType: "app_mention",
    deliveryId: "Ev123ABC456",
  },
};
