import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "stripe",
  title: "Stripe",
  docsUrl: "https://docs.stripe.com/webhooks/signature",
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "hex",
    header: "stripe-signature",
    // Entries of other schemes (v0) are ignored, or a forger could choose a weaker one.
    form: { kind: "list", separator: ",", assign: "=", key: "v1" },
    // Stripe's libraries refuse old times only. A time ahead is safe as well: it is signed, so only Stripe can write it.
    timestamp: { place: { in: "list", key: "t" }, toleranceSeconds: 300, future: "accepted" },
    signed: ["timestamp", { text: "." }, "body"],
  },
  eventType: { in: "body", path: "type" },
  deliveryId: { in: "body", path: "id" },
  ownHeaders: ["stripe-signature"],
  handshake: null,
  sample: {
    headers: [["content-type", "application/json; charset=utf-8"]],
    body: JSON.stringify({
      id: "evt_1NG8Du2eZvKYlo2CUI79vXWy",
      object: "event",
      type: "payment_intent.succeeded",
      created: 1686089970,
      livemode: false,
      data: { object: { id: "pi_3NG8Du2eZvKYlo2C1ntK", object: "payment_intent", amount: 2000, currency: "usd" } },
    }),
    eventType: "payment_intent.succeeded",
    deliveryId: "evt_1NG8Du2eZvKYlo2CUI79vXWy",
  },
};
