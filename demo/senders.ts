import { createHmac } from "node:crypto";

import { Stripe } from "stripe";

/** A request that a provider makes. */
export type ProviderRequest = { readonly headers: Record<string, string>; readonly body: string };

const json = { "content-type": "application/json" } as const;

/** An event as Stripe sends it, signed by Stripe's own package. */
export const stripeEvent = (type: string, secret: string): ProviderRequest => {
  const body = JSON.stringify({ id: `evt_${type.replace(".", "_")}`, object: "event", type, data: { object: {} } });
  const signature = new Stripe("sk_test_demo").webhooks.generateTestHeaderString({ payload: body, secret });
  return { headers: { ...json, "stripe-signature": signature }, body };
};

/** An event as GitHub sends it: hex HMAC of the body in `X-Hub-Signature-256`. */
export const githubEvent = (type: string, secret: string): ProviderRequest => {
  const body = JSON.stringify({ action: "opened", number: 7 });
  const mac = createHmac("sha256", secret).update(body).digest("hex");
  return {
    headers: {
      ...json,
      "x-github-event": type,
      "x-github-delivery": "72d3162e",
      "x-hub-signature-256": `sha256=${mac}`,
    },
    body,
  };
};

/** An event as Shopify sends it: base64 HMAC of the body in `X-Shopify-Hmac-Sha256`. */
export const shopifyEvent = (topic: string, secret: string): ProviderRequest => {
  const body = JSON.stringify({ id: 820982911946154508n.toString(), total_price: "254.98" });
  const mac = createHmac("sha256", secret).update(body).digest("base64");
  return {
    headers: { ...json, "x-shopify-topic": topic, "x-shopify-webhook-id": "b54557e4", "x-shopify-hmac-sha256": mac },
    body,
  };
};

/** What somebody sends who knows the URL and not the secret. */
export const forgedStripeEvent = (): ProviderRequest => stripeEvent("invoice.paid", "whsec_a_guess");
