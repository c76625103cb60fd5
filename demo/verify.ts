import { createHmac, timingSafeEqual } from "node:crypto";

import { Webhook } from "standardwebhooks";
import { Stripe } from "stripe";

import type { Received } from "./receiver.ts";

/** How a receiver without any library checks what it got: these ten lines are all. */
export const hasGenuineSignature = ({ headers, body }: Received, secret: string): boolean => {
  const expected = Buffer.from(`sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
  const given = Buffer.from(String(headers["x-krafter-signature"]));
  return given.length === expected.length && timingSafeEqual(given, expected);
};

/** The same with any Standard Webhooks library. */
export const passesStandardWebhooks = ({ headers, body }: Received, secret: string): boolean => {
  try {
    new Webhook(secret).verify(body, {
      "webhook-id": String(headers["webhook-id"]),
      "webhook-timestamp": String(headers["webhook-timestamp"]),
      "webhook-signature": String(headers["webhook-signature"]),
    });
    return true;
  } catch {
    return false;
  }
};

/** And as if Stripe had called the receiver itself. */
export const passesStripe = ({ headers, body }: Received, secret: string): boolean => {
  try {
    new Stripe("sk_test_demo").webhooks.constructEvent(body, String(headers["stripe-signature"]), secret);
    return true;
  } catch {
    return false;
  }
};
