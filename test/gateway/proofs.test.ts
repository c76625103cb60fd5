import { expect, test } from "vitest";

import { startGateway } from "../support/gateway.ts";
import {
  constructStripeEvent,
  type EventPage,
  eventually,
  hasKrafterSignature,
  listEvents,
  makeDestination,
  makeSource,
  passesStandardWebhooks,
  post,
  showEvent,
  signedBy,
} from "../support/journey.ts";
import { startReceiver } from "../support/receiver.ts";

const tenMinutesMs = 600_000;
const signingSecret = "whsec_c2lnbmluZyBzZWNyZXQgb2YgdGhlIHNvdXJjZQ==";

test.for(["stripe", "github", "shopify"] as const)(
  "an event of %s reaches a receiver that verifies it in its own way, also on a retry and a replay ten minutes later",
  async (provider) => {
    const gateway = await startGateway();
    await using receiver = await startReceiver();
    receiver.respondWith({ status: 500 }, { status: 200 });
    const source = await makeSource(gateway, { provider, signing_secret: signingSecret });
    const destination = await makeDestination(gateway, source, { url: receiver.url, retry_schedule: [600] });
    const sent = await signedBy[provider](signingSecret, gateway.clock.nowMs());

    const answer = await post(source, sent);
    expect([answer.status, answer.body.toString()]).toEqual([200, '{"ok":true}']);
    const proofsOf = async (count: number): Promise<void> => {
      const received = (await receiver.waitFor(count)).at(-1)!;
      const nowMs = gateway.clock.nowMs();
      expect(received.body.toString()).toBe(sent.body);
      expect(hasKrafterSignature(received, destination.secret)).toBe(true);
      expect(passesStandardWebhooks(received, destination.secret, nowMs)).toBe(true);
      if (provider === "stripe") expect(constructStripeEvent(received, signingSecret, nowMs).type).toBe("invoice.paid");
    };
    await proofsOf(1);

    const eventsPath = `/webhooks/sources/${source.id}/events`;
    const detail = async (): Promise<EventPage> => {
      const [event] = await listEvents(gateway, source);
      return showEvent(gateway, source, event!.id);
    };
    await eventually(detail, ({ deliveries }) => deliveries[0]!.attempts.length === 1);
    gateway.clock.advance(tenMinutesMs * 1.1);
    await proofsOf(2);
    const { id } = await eventually(detail, ({ status }) => status === "succeeded");

    gateway.clock.advance(tenMinutesMs);
    const replay = await gateway.request("POST", `${eventsPath}/${id}/replay`);
    expect(replay.status).toBe(202);
    expect(replay.body).toEqual({ data: { replayed_to: 1, queued_destination_ids: [destination.id] } });
    await proofsOf(3);
    const ids = receiver.requests.map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).toBe(1);
    expect(receiver.requests.map(({ headers }) => headers["x-krafter-attempt"])).toEqual(["1", "2", "1"]);
  },
);

test("a retry that is not signed again would be refused by Stripe's own package", async () => {
  const gateway = await startGateway();
  await using receiver = await startReceiver();
  receiver.respondWith({ status: 500 }, { status: 200 });
  const source = await makeSource(gateway, { provider: "stripe", signing_secret: signingSecret });
  await makeDestination(gateway, source, { url: receiver.url, retry_schedule: [600], resign: false });
  await post(source, await signedBy.stripe(signingSecret, gateway.clock.nowMs()));
  await receiver.waitFor(1);
  const attempts = async (): Promise<number> => {
    const [event] = await listEvents(gateway, source);
    return (await showEvent(gateway, source, event!.id)).deliveries[0]!.attempts.length;
  };
  await eventually(attempts, (count) => count === 1);
  gateway.clock.advance(tenMinutesMs * 1.1);
  const [, retried] = await receiver.waitFor(2);
  expect(() => constructStripeEvent(retried!, signingSecret, gateway.clock.nowMs())).toThrow(/tolerance/);
});
