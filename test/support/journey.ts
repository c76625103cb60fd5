import { createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

import { sign as signGithub } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { vi } from "vitest";

import { http, type HttpAnswer } from "../../harness/http.ts";
import type { TestGateway } from "./gateway.ts";
import type { ReceivedRequest } from "./receiver.ts";

/** A source that the management API made, and where its events are posted. */
export type MadeSource = { readonly id: string; readonly slug: string; readonly url: string };

/** A destination that the management API made. */
export type MadeDestination = { readonly id: string; readonly secret: string; readonly path: string };

/** Makes a source through the API. */
export const makeSource = async (gateway: TestGateway, body: object): Promise<MadeSource> => {
  const answer = await gateway.request("POST", "/webhooks/sources", { name: "a source", ...body });
  if (answer.status !== 201) throw new Error(answer.text);
  const { id, slug } = answer.body.data;
  return { id, slug, url: `${gateway.url}/in/${slug}` };
};

/** Makes a destination of that source through the API. */
export const makeDestination = async (
  gateway: TestGateway,
  source: MadeSource,
  body: object,
): Promise<MadeDestination> => {
  const answer = await gateway.request("POST", `/webhooks/sources/${source.id}/destinations`, body);
  if (answer.status !== 201) throw new Error(answer.text);
  const { id, secret } = answer.body.data;
  return { id, secret, path: `/webhooks/sources/${source.id}/destinations/${id}` };
};

/** An event in a list. */
export type ListedEvent = { readonly id: string; readonly status: string; readonly signature_valid: boolean };

/** An event's page. */
export type EventPage = ListedEvent & {
  readonly signature_reason: string;
  readonly deliveries: readonly {
    readonly destination_id: string;
    readonly status: string;
    readonly response_status: number | null;
    readonly attempt: number;
    readonly attempts: readonly { readonly code: string | null; readonly error: string | null }[];
  }[];
};

/** A destination as the API shows it. */
export type ShownDestination = {
  readonly enabled: boolean;
  readonly disabled_reason: string | null;
  readonly failure_count: number;
};

/** The newest hundred events of a source. */
export const listEvents = async (gateway: TestGateway, source: MadeSource): Promise<readonly ListedEvent[]> => {
  const answer = await gateway.request("GET", `/webhooks/sources/${source.id}/events?per_page=100`);
  const events: readonly ListedEvent[] = answer.body.data;
  return events;
};

/** One event with its deliveries and attempts. */
export const showEvent = async (gateway: TestGateway, source: MadeSource, id: string): Promise<EventPage> => {
  const path = `/webhooks/sources/${source.id}/events/${id}?include=payload,attempts`;
  const event: EventPage = (await gateway.request("GET", path)).body.data;
  return event;
};

/** A destination as it is now. */
export const showDestination = async (gateway: TestGateway, { path }: MadeDestination): Promise<ShownDestination> => {
  const destination: ShownDestination = (await gateway.request("GET", path)).body.data;
  return destination;
};

/** A request as a sender makes it. */
export type Sent = { readonly headers: Readonly<Record<string, string>>; readonly body: string };

/** Posts to the source's ingest URL. */
export const post = (
  { url }: MadeSource,
  { headers, body }: { headers: Sent["headers"]; body: string | Uint8Array },
): Promise<HttpAnswer> => http(url, { method: "POST", headers, body });

/** Signs with what each provider itself gives out, or documents. */
export const signedBy: Readonly<
  Record<"stripe" | "github" | "shopify", (secret: string, nowMs: number) => Promise<Sent>>
> = {
  stripe: async (secret, nowMs) => {
    const body = JSON.stringify({
      id: "evt_1",
      object: "event",
      type: "invoice.paid",
      data: { object: { amount: 9_007_199_254_740_991 } },
    });
    const signature = new Stripe("sk_test_1").webhooks.generateTestHeaderString({
      payload: body,
      secret,
      timestamp: Math.floor(nowMs / 1000),
    });
    return { headers: { "content-type": "application/json; charset=utf-8", "stripe-signature": signature }, body };
  },
  github: async (secret) => {
    const body = JSON.stringify({ action: "opened", title: "naïve ✓" });
    return {
      headers: {
        "content-type": "application/json",
        "x-github-event": "pull_request",
        "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "x-hub-signature-256": await signGithub(secret, body),
      },
      body,
    };
  },
  shopify: async (secret) => {
    const body = '{"id":820982911946154508,"total_price":"254.98"}';
    return {
      headers: {
        "content-type": "application/json",
        "x-shopify-topic": "orders/create",
        "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        // https://shopify.dev/docs/apps/build/webhooks/subscribe/https: base64 HMAC-SHA256 of the raw body.
        "x-shopify-hmac-sha256": createHmac("sha256", secret).update(body).digest("base64"),
      },
      body,
    };
  },
};

/** The ten lines of the README. */
export const hasKrafterSignature = (
  { headers, body }: Pick<ReceivedRequest, "headers" | "body">,
  secret: string,
): boolean => headers["x-krafter-signature"] === `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

const asStrings = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

/** Whether the `standardwebhooks` package takes it as received at `nowMs`. It reads the machine's clock, which is set for that. */
export const passesStandardWebhooks = ({ headers, body }: ReceivedRequest, secret: string, nowMs: number): boolean => {
  // oxlint-disable-next-line vitest/no-restricted-vi-methods -- the package has no parameter for the time
  vi.useFakeTimers({ toFake: ["Date"], now: nowMs });
  try {
    new Webhook(secret).verify(body, asStrings(headers));
    return true;
  } catch {
    return false;
  } finally {
    vi.useRealTimers();
  }
};

/** Whether `stripe.webhooks.constructEvent` takes it as received at `nowMs`. Throws its reason when not. */
export const constructStripeEvent = ({ headers, body }: ReceivedRequest, secret: string, nowMs: number): Stripe.Event =>
  new Stripe("sk_test_1").webhooks.constructEvent(
    body,
    String(headers["stripe-signature"]),
    secret,
    300,
    undefined,
    nowMs,
  );

/** Polls the API until the answer is as wished: a status that follows a delivery is written after the receiver answered. */
export const eventually = async <T>(read: () => Promise<T>, isAsWished: (value: T) => boolean): Promise<T> => {
  const deadlineMs = performance.now() + 30_000;
  while (performance.now() < deadlineMs) {
    const value = await read();
    if (isAsWished(value)) return value;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  throw new Error(`it never became so: ${JSON.stringify(await read())}`);
};
