import type { Preset } from "../preset.ts";

/**
 * Webhook events of an application, whose public key is the source's secret. Interactions want an answer of their own, which
 * a gateway does not have.
 */
export const preset: Preset = {
  name: "discord",
  title: "Discord",
  docsUrl: "https://docs.discord.com/developers/events/webhook-events",
  // No age is documented as too great, nor whether a later try is signed anew.
  verification: {
    kind: "public_key",
    algorithm: "ed25519",
    encoding: "hex",
    header: "x-signature-ed25519",
    timestampHeader: "x-signature-timestamp",
    signed: ["timestamp", "body"],
  },
  eventType: { in: "body", path: "event.type" },
  deliveryId: null,
  ownHeaders: ["x-signature-ed25519", "x-signature-timestamp"],
  handshake: { kind: "ping", path: "type", value: 0, status: 204 },
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      version: 1,
      application_id: "1234560123453231555",
      type: 1,
      event: {
        type: "APPLICATION_AUTHORIZED",
        timestamp: "2025-11-01T18:00:00.000000",
        data: { integration_type: 1, scopes: ["applications.commands"] },
      },
    }),
    eventType: "APPLICATION_AUTHORIZED",
    deliveryId: null,
  },
};
