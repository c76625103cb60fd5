import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "typeform",
  title: "Typeform",
  docsUrl: "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "base64",
    header: "typeform-signature",
    form: { kind: "plain", prefix: "sha256=" },
    timestamp: null,
    signed: ["body"],
  },
  eventType: { in: "body", path: "event_type" },
  deliveryId: { in: "body", path: "event_id" },
  ownHeaders: ["typeform-signature"],
  handshake: null,
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      event_id: "01H8Z3V6QJ5W7X9Y2B4D6F8G0K",
      event_type: "form_response",
      form_response: { form_id: "lT4Z3j", token: "a3a12ec67a1365927098a606107fac15" },
    }),
    eventType: "form_response",
    deliveryId: "01H8Z3V6QJ5W7X9Y2B4D6F8G0K",
  },
};
