import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "docusign",
  title: "Docusign Connect",
  docsUrl: "https://developers.docusign.com/platform/webhooks/connect/hmac/",
  // With several keys there are -2, -3 and so on: the source's secret is the first key.
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "base64",
    header: "x-docusign-signature-1",
    form: { kind: "plain", prefix: "" },
    timestamp: null,
    signed: ["body"],
  },
  eventType: { in: "body", path: "event" },
  deliveryId: null,
  ownHeaders: ["x-authorization-digest", "x-docusign-accountid", "x-docusign-signature-1"],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["x-authorization-digest", "HMACSHA256"],
    ],
    body: JSON.stringify({
      event: "envelope-completed",
      retryCount: 0,
      configurationId: 10418598,
      data: { accountId: "40bd8ac8-0000-0000-0000-e0f3c3e1d2b1", envelopeId: "f8c3a6e2-0000-0000-0000-7d2b1c9e4a55" },
    }),
    eventType: "envelope-completed",
    deliveryId: null,
  },
};
