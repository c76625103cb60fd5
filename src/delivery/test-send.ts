import { type Clock, isoSeconds } from "../lib/clock.ts";
import type { Headers } from "../lib/headers.ts";
import type { Id, Ids } from "../lib/ids.ts";
import type { Send } from "../outbound/send.ts";
import type { RoutedDestination } from "../routing/table.ts";
import { signDelivery } from "../signing/delivery.ts";
import { dressed } from "./own-headers.ts";
import { type SenderNames, webhookIdOf } from "./request-parts.ts";

/** What a test send came to. */
export type TestResult =
  | { readonly kind: "answered"; readonly status: number }
  | { readonly kind: "failed"; readonly error: string };

/** What a test send needs. */
export type TestSendParts = {
  readonly clock: Pick<Clock, "nowMs">;
  readonly ids: Ids;
  readonly send: Send;
  readonly names: SenderNames;
};

const eventType = "test";

/** The published body of a test, key for key. */
const testBody = (sourceId: Id, nowMs: number): Buffer =>
  Buffer.from(
    JSON.stringify({
      event: eventType,
      data: { message: "Test delivery from Krafter", timestamp: isoSeconds(nowMs) },
      source_id: sourceId,
    }),
  );

/** Sends one signed test now. It is no delivery: nothing is stored, counted or retried. */
export const sendTest = async (
  { clock, ids, send, names }: TestSendParts,
  { destination, secretsAt, outgoing: openOutgoing }: RoutedDestination,
  sourceId: Id,
): Promise<TestResult> => {
  const nowMs = clock.nowMs();
  const secrets = secretsAt(nowMs);
  const outgoing = openOutgoing();
  if (secrets.kind === "unreadable" || outgoing === null) {
    return { kind: "failed", error: "the destination's secret cannot be opened with the present keys" };
  }
  const attemptId = ids.next();
  const body = testBody(sourceId, nowMs);
  const signed = signDelivery({
    headerPrefix: names.headerPrefix,
    secrets: secrets.secrets,
    body,
    deliveryWebhookId: webhookIdOf(attemptId, destination.id),
    attemptId,
    nowMs,
    eventType,
  });
  const own: Headers = [
    ["content-type", "application/json"],
    ...signed,
    [`x-${names.headerPrefix}-test`, "true"],
    ["user-agent", names.userAgent],
  ];
  const { headers } = dressed(own, outgoing, { body, nowMs });
  const { url, method, timeoutMs } = destination;
  const result = await send({ url, method, headers, body, timeoutMs });
  switch (result.kind) {
    case "answered":
      return { kind: "answered", status: result.status };
    case "failed":
    case "unavailable":
      return { kind: "failed", error: result.message };
    case "cancelled":
      return { kind: "failed", error: "the gateway is stopping" };
  }
};
