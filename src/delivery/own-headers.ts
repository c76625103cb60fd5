import { isoSeconds } from "../lib/clock.ts";
import { type Headers, replaceHeaders } from "../lib/headers.ts";
import type { Auth, Outgoing } from "../routing/outgoing.ts";
import { signBody } from "../signing/body.ts";
import { signDelivery } from "../signing/delivery.ts";
import { type RequestParts, webhookIdOf } from "./request-parts.ts";

const bare = (id: string): string => id.replaceAll("-", "");

const authHeader = (auth: Auth): Headers[number] => {
  switch (auth.type) {
    case "bearer":
      return ["authorization", `Bearer ${auth.token}`];
    case "basic":
      return ["authorization", `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`];
    case "api_key":
      return [auth.header.toLowerCase(), auth.value];
  }
};

/** What the API that made a destination says that we send of ourselves. */
export const dialectHeaders = (parts: Omit<RequestParts, "payload">, body: Uint8Array): Headers => {
  const { names, event, destination, delivery, attempt } = parts;
  const signed = signDelivery({
    headerPrefix: names.headerPrefix,
    secrets: parts.secrets,
    body,
    deliveryWebhookId: webhookIdOf(event.id, delivery.connectionId),
    attemptId: attempt.id,
    nowMs: attempt.nowMs,
    eventType: event.eventType,
  });
  switch (destination.dialect) {
    case "krafter":
      return [
        ...signed,
        [`x-${names.headerPrefix}-delivery-id`, delivery.id],
        [`x-${names.headerPrefix}-attempt`, String(attempt.number)],
      ];
    case "hookstream":
      return [
        ...signed.filter(([name]) => name.startsWith("webhook-")),
        ["x-hookstream-event-id", bare(event.id)],
        ["x-hookstream-delivery-attempt", String(attempt.number)],
        ["x-hookstream-timestamp", isoSeconds(attempt.nowMs)],
      ];
  }
};

/** What a destination's own settings add to a request, the values of whose headers are nobody's business. */
export type Dressed = { readonly headers: Headers; readonly secretNames: readonly string[] };

/** Puts the user's own headers, sign-in and signature in place of whatever has their names. */
export const dressed = (
  headers: Headers,
  outgoing: Outgoing,
  { body, nowMs }: { body: Uint8Array; nowMs: number },
): Dressed => {
  const own = Object.entries(outgoing.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const secret = outgoing.auth === null ? own : replaceHeaders(own, [authHeader(outgoing.auth)]);
  if (secret.length === 0 && outgoing.signature === null) return { headers, secretNames: [] };
  const signature = outgoing.signature === null ? [] : signBody(outgoing.signature, body, nowMs);
  return {
    headers: replaceHeaders(replaceHeaders(headers, secret), signature),
    secretNames: secret.map(([name]) => name),
  };
};
