import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "github",
  title: "GitHub",
  docsUrl: "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "hex",
    header: "x-hub-signature-256",
    form: { kind: "plain", prefix: "sha256=" },
    timestamp: null,
    signed: ["body"],
  },
  eventType: { in: "header", name: "x-github-event" },
  deliveryId: { in: "header", name: "x-github-delivery" },
  ownHeaders: [
    "x-github-delivery",
    "x-github-enterprise-host",
    "x-github-enterprise-version",
    "x-github-event",
    "x-github-hook-id",
    "x-github-hook-installation-target-id",
    "x-github-hook-installation-target-type",
    "x-hub-signature",
    "x-hub-signature-256",
  ],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"],
      ["x-github-event", "push"],
      ["x-github-hook-id", "292430182"],
      ["x-github-hook-installation-target-id", "79929171"],
      ["x-github-hook-installation-target-type", "repository"],
    ],
    body: JSON.stringify({
      ref: "refs/heads/main",
      before: "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
      after: "59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5",
      repository: { id: 186853002, full_name: "octocat/hello-world" },
      pusher: { name: "octocat" },
    }),
    eventType: "push",
    deliveryId: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
  },
};
