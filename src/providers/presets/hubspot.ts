import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "hubspot",
  title: "HubSpot",
  docsUrl: "https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests",
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "base64",
    header: "x-hubspot-signature-v3",
    form: { kind: "plain", prefix: "" },
    timestamp: {
      format: "milliseconds",
      place: { in: "header", name: "x-hubspot-request-timestamp" },
      toleranceSeconds: 300,
      future: "accepted",
    },
    signed: ["method", "url_unescaped", "body", "timestamp"],
  },
  // One request holds up to a hundred events of several kinds.
  eventType: null,
  deliveryId: null,
  ownHeaders: [
    "x-hubspot-request-timestamp",
    "x-hubspot-signature",
    "x-hubspot-signature-v3",
    "x-hubspot-signature-version",
  ],
  handshake: null,
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify([
      {
        eventId: 3816279340,
        subscriptionId: 25,
        portalId: 33,
        appId: 1160452,
        occurredAt: 1762020000000,
        subscriptionType: "contact.creation",
        attemptNumber: 0,
        objectId: 1246965,
      },
    ]),
    eventType: null,
    deliveryId: null,
  },
};
