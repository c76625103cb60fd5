import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "sentry",
  title: "Sentry",
  docsUrl: "https://docs.sentry.io/organization/integrations/integration-platform/webhooks/",
  // The time in `sentry-hook-timestamp` is not signed, so it proves nothing.
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "hex",
    header: "sentry-hook-signature",
    form: { kind: "plain", prefix: "" },
    timestamp: null,
    signed: ["body"],
  },
  eventType: { in: "header", name: "sentry-hook-resource" },
  deliveryId: { in: "header", name: "request-id" },
  ownHeaders: ["request-id", "sentry-hook-resource", "sentry-hook-signature", "sentry-hook-timestamp"],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["request-id", "0c1a7d2e4f5b4a6c8d9e0f1a2b3c4d5e"],
      ["sentry-hook-resource", "issue"],
      ["sentry-hook-timestamp", "1762020000"],
    ],
    body: JSON.stringify({
      action: "created",
      installation: { uuid: "a8e5d37a-696c-4c54-adb5-b3f28d64c7de" },
      data: { issue: { id: "1170820242", title: "ReferenceError" } },
    }),
    eventType: "issue",
    deliveryId: "0c1a7d2e4f5b4a6c8d9e0f1a2b3c4d5e",
  },
};
