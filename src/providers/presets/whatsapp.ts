import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "whatsapp",
  title: "WhatsApp Business",
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
      object: "whatsapp_business_account",
      entry: [
        {
          id: "102290129340398",
          changes: [
            {
              field: "messages",
              value: {
                messaging_product: "whatsapp",
                messages: [{ id: "wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=", type: "text" }],
              },
            },
          ],
        },
      ],
    }),
    eventType: "whatsapp_business_account",
    deliveryId: null,
  },
};
