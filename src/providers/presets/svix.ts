import type { Preset } from "../preset.ts";

/** Senders behind Svix write its header names or those of the specification. */
export const preset: Preset = {
  name: "svix",
  title: "Svix",
  docsUrl: "https://docs.svix.com/receiving/verifying-payloads/how-manual",
  verification: { kind: "standard_webhooks", prefix: "svix" },
  eventType: { in: "body", path: "type" },
  deliveryId: { in: "header", name: "svix-id", or: "webhook-id" },
  ownHeaders: ["svix-id", "svix-signature", "svix-timestamp", "webhook-id", "webhook-signature", "webhook-timestamp"],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"],
    ],
    body: JSON.stringify({ type: "invoice.paid", data: { id: "invoice_WF7WtCLFFtd8ubcTgboSFNql", status: "paid" } }),
    eventType: "invoice.paid",
    deliveryId: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  },
};
