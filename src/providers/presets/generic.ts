import type { Preset } from "../preset.ts";

/** Any sender that signs the body with an HMAC in hex: the source says in which header, and where the event type is. */
export const preset: Preset = {
  name: "generic",
  title: "Generic",
  docsUrl: "https://www.rfc-editor.org/rfc/rfc2104",
  configurable: true,
  verification: { kind: "unverifiable" },
  eventType: null,
  deliveryId: null,
  ownHeaders: [],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["x-event-type", "order.created"],
    ],
    body: JSON.stringify({ type: "order.created", data: { id: "ord_1", total: 2990 } }),
    eventType: "order.created",
    deliveryId: null,
  },
};
