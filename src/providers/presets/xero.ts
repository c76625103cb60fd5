import type { Preset } from "../preset.ts";

/**
 * Xero's intent to receive is an ordinary request, of which some are forged: it wants 401 for those, as the ingest URL that
 * answers with the verdict does.
 */
export const preset: Preset = {
  name: "xero",
  title: "Xero",
  docsUrl: "https://developer.xero.com/documentation/guides/webhooks/overview/",
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "base64",
    header: "x-xero-signature",
    form: { kind: "plain", prefix: "" },
    timestamp: null,
    signed: ["body"],
  },
  // One request holds events of several kinds.
  eventType: null,
  deliveryId: null,
  ownHeaders: ["x-xero-signature"],
  handshake: null,
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      events: [{ resourceId: "717f2bfc-c6d4-41fd-b238-3f2f0c0cf777", eventCategory: "INVOICE", eventType: "UPDATE" }],
      firstEventSequence: 1,
      lastEventSequence: 1,
      entropy: "S0m3r4Nd0mt3xt",
    }),
    eventType: null,
    deliveryId: null,
  },
};
