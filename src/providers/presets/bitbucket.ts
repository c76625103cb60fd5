import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "bitbucket",
  title: "Bitbucket",
  docsUrl: "https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/",
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "hex",
    header: "x-hub-signature",
    form: { kind: "plain", prefix: "sha256=" },
    timestamp: null,
    signed: ["body"],
  },
  eventType: { in: "header", name: "x-event-key" },
  deliveryId: { in: "header", name: "x-request-uuid" },
  ownHeaders: ["x-attempt-number", "x-event-key", "x-hook-uuid", "x-hub-signature", "x-request-uuid"],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["x-event-key", "repo:push"],
      ["x-hook-uuid", "b7c1a7a2-6f0d-4f6e-9a53-2f4f3d3a0f11"],
      ["x-request-uuid", "e1c8a1b6-5f0a-4d0e-8f65-0d6d6b4c2a77"],
    ],
    body: JSON.stringify({
      actor: { type: "user", nickname: "emma" },
      repository: { type: "repository", full_name: "team/site" },
      push: { changes: [] },
    }),
    eventType: "repo:push",
    deliveryId: "e1c8a1b6-5f0a-4d0e-8f65-0d6d6b4c2a77",
  },
};
