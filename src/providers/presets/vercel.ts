import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "vercel",
  title: "Vercel",
  docsUrl: "https://vercel.com/docs/webhooks/webhooks-api",
  verification: {
    kind: "hmac",
    algorithm: "sha1",
    encoding: "hex",
    header: "x-vercel-signature",
    form: { kind: "plain", prefix: "" },
    timestamp: null,
    signed: ["body"],
  },
  eventType: { in: "body", path: "type" },
  deliveryId: { in: "body", path: "id" },
  ownHeaders: ["x-vercel-signature"],
  handshake: null,
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      id: "uev_0123456789abcdefghij",
      type: "deployment.created",
      createdAt: 1762020000000,
      region: "sfo1",
      payload: { deployment: { id: "dpl_123" } },
    }),
    eventType: "deployment.created",
    deliveryId: "uev_0123456789abcdefghij",
  },
};
