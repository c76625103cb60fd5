import { expect, test } from "vitest";

import type { Retry } from "../../src/routing/destination.ts";
import { eventually, startEngine } from "../support/engine.ts";
import { type ReceiverAnswer, startReceiver } from "../support/receiver.ts";

/** The test's own time, which passes while it waits for things. Waits are far longer than it. */
const slackMs = 60_000;

const failing: ReceiverAnswer = { status: 500 };
const asking = (seconds: number): ReceiverAnswer => ({ status: 503, headers: { "retry-after": String(seconds) } });

const of = (over: Partial<Retry>): Retry => ({
  enabled: true,
  backoff: "exponential",
  intervalsSeconds: null,
  retriesMax: null,
  ...over,
});

test.for<[Retry, readonly ReceiverAnswer[], readonly number[]]>([
  [of({ backoff: "exponential", intervalsSeconds: [300, 900], retriesMax: 3 }), [failing], [300, 900, 900]],
  [of({ backoff: "linear", intervalsSeconds: [600], retriesMax: 3 }), [failing], [600, 1_200, 1_800]],
  [of({ backoff: "fixed", intervalsSeconds: [600, 1], retriesMax: 2 }), [failing], [600, 600]],
  [of({ backoff: "fixed", intervalsSeconds: [600], retriesMax: 2 }), [asking(1_800), asking(9), failing], [1_800, 600]],
  [of({ backoff: "fixed", intervalsSeconds: [600], retriesMax: 2, enabled: false }), [failing], []],
])("%j is tried again after just these waits", async ([retry, answers, waitsSeconds]) => {
  await using receiver = await startReceiver();
  const [first = failing, ...rest] = answers;
  receiver.respondWith(first, ...rest);
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url, { retry });
  const eventId = await engine.accept(source);
  const tried = (count: number): Promise<void> =>
    eventually(async () => expect((await engine.story(eventId)).attempts).toHaveLength(count));
  await tried(1);
  for (const [made, seconds] of waitsSeconds.entries()) {
    engine.clock.advance(seconds * 1_000 - slackMs);
    await engine.roundTrip();
    expect(receiver.requests).toHaveLength(made + 1);
    engine.clock.advance(slackMs);
    await tried(made + 2);
  }
  const { deliveries } = await engine.until(eventId, "failed");
  expect(deliveries).toMatchObject([{ status: "failed", reason: "exhausted", attempts: waitsSeconds.length + 1 }]);
});
