import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "asana",
  title: "Asana",
  docsUrl: "https://developers.asana.com/docs/webhooks-guide",
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "hex",
    header: "x-hook-signature",
    form: { kind: "plain", prefix: "" },
    timestamp: null,
    signed: ["body"],
  },
  // One request holds events of several kinds.
  eventType: null,
  deliveryId: null,
  ownHeaders: ["x-hook-signature"],
  // What is echoed is the secret that Asana signs with from then on. The answer to whoever created the webhook has it, too.
  // https://developers.asana.com/docs/establish-a-webhook
  handshake: { kind: "header_echo", header: "x-hook-secret" },
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      events: [
        { action: "changed", resource: { gid: "1337", resource_type: "task" }, created_at: "2025-11-01T18:00:00.000Z" },
      ],
    }),
    eventType: null,
    deliveryId: null,
  },
};
