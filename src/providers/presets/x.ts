import type { Preset } from "../preset.ts";

/** The source's secret is the application's consumer secret. */
export const preset: Preset = {
  name: "x",
  title: "X (Twitter)",
  docsUrl: "https://docs.x.com/x-api/webhooks/quickstart",
  // Not every body: X has any word signed with the same key (the handshake), so a word proves nothing.
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "base64",
    header: "x-twitter-webhooks-signature",
    form: { kind: "plain", prefix: "sha256=" },
    timestamp: null,
    signed: ["body_but_words"],
  },
  // What happened is the name of a field that only such events have.
  eventType: null,
  deliveryId: null,
  ownHeaders: ["x-twitter-webhooks-signature"],
  handshake: { kind: "query_hmac", parameter: "crc_token", answerKey: "response_token", prefix: "sha256=" },
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      for_user_id: "2244994945",
      tweet_create_events: [{ id_str: "1467991234567890123", text: "hello" }],
    }),
    eventType: null,
    deliveryId: null,
  },
};
