import { describe, expect, test } from "vitest";

import { decide } from "../../src/delivery/decide.ts";
import type { AttemptOutcome, Outcome } from "../../src/delivery/outcome.ts";
import type { Destination } from "../../src/routing/destination.ts";
import { newDestination, newPending } from "../support/records.ts";

const nowMs = 1_800_000_000_000;
const moment = { nowMs, dueNowMs: nowMs + 7, random: 0, isOnce: false };
const enabling = 3;

const failed = (over: Partial<Extract<AttemptOutcome, { kind: "failed" }>> = {}): Outcome => ({
  kind: "failed",
  code: "status",
  status: 500,
  error: "the receiver answered 500",
  retryAfterMs: null,
  ...over,
});
const succeeded: Outcome = { kind: "succeeded", status: 204 };
const lost: Outcome = { kind: "lost" };
const postponed: Outcome = { kind: "postponed", untilMs: moment.dueNowMs + 5 };
const revoked: Outcome = { kind: "cancelled", reason: "replay_cancelled" };

const on = newDestination({ enabling });
const ordered = newDestination({ enabling, ordered: true });
const off = newDestination({ enabling, enabled: false });
const onAgain = newDestination({ enabling: enabling + 1 });
const gone = undefined;

const success = { to: "ended", status: "success", endedAtMs: nowMs };
const exhausted = { to: "ended", status: "failed", reason: "exhausted", endedAtMs: nowMs };
const cancelled = (reason: string) => ({ to: "ended", status: "cancelled", reason, endedAtMs: nowMs });
const eventLost = { to: "ended", status: "failed", reason: "event_lost", endedAtMs: nowMs };
const dueIn = (seconds: number) => ({ to: "due", atMs: moment.dueNowMs + seconds * 1000 });
const heldFor = (seconds: number) => ({ to: "held", untilMs: moment.dueNowMs + seconds * 1000 });

type Row = readonly [
  what: string,
  Outcome,
  Destination | undefined,
  attemptsBefore: number,
  settlement: object,
  sign: string,
];

const rows: readonly Row[] = [
  ["a success", succeeded, on, 0, success, "works"],
  ["a success at the last try", succeeded, on, 4, success, "works"],
  ["a success of a destination that was switched off meanwhile", succeeded, off, 0, success, "none"],
  ["a success from before the destination was switched off and on", succeeded, onAgain, 0, success, "none"],
  ["a success of a destination that is gone", succeeded, gone, 0, success, "none"],
  ["a first failure", failed(), on, 0, dueIn(17), "none"],
  ["a second failure", failed(), on, 1, dueIn(19), "none"],
  ["a third failure", failed(), on, 2, dueIn(23), "none"],
  ["a fourth failure", failed(), on, 3, dueIn(31), "none"],
  ["a fifth failure", failed(), on, 4, exhausted, "exhausted"],
  ["a failure in an ordered lane", failed(), ordered, 0, heldFor(17), "none"],
  ["the last failure in an ordered lane", failed(), ordered, 4, exhausted, "exhausted"],
  ["a failure of a destination that is off", failed(), off, 0, cancelled("destination_disabled"), "none"],
  ["the last failure of a destination that is off", failed(), off, 4, cancelled("destination_disabled"), "none"],
  ["a failure from before an enabling", failed(), onAgain, 4, cancelled("destination_disabled"), "none"],
  ["a failure of a destination that is gone", failed(), gone, 0, cancelled("destination_deleted"), "none"],
  ["a transport failure", failed({ code: "connect", status: null }), on, 0, dueIn(17), "none"],
  ["410", failed({ status: 410 }), on, 0, { ...exhausted, reason: "gone" }, "gone"],
  ["410 in an ordered lane", failed({ status: 410 }), ordered, 0, { ...exhausted, reason: "gone" }, "gone"],
  ["410 from before an enabling", failed({ status: 410 }), onAgain, 0, cancelled("destination_disabled"), "none"],
  ["429", failed({ status: 429 }), on, 0, dueIn(60), "none"],
  ["429 with less than a minute", failed({ status: 429, retryAfterMs: 20_000 }), on, 0, dueIn(60), "none"],
  ["429 with more than a minute", failed({ status: 429, retryAfterMs: 90_000 }), on, 0, dueIn(90), "none"],
  ["429 at the last try", failed({ status: 429, retryAfterMs: 90_000 }), on, 4, exhausted, "exhausted"],
  ["Retry-After below the wait", failed({ retryAfterMs: 5_000 }), on, 0, dueIn(17), "none"],
  ["Retry-After above the wait", failed({ retryAfterMs: 40_000 }), on, 0, dueIn(40), "none"],
  ["Retry-After above an hour", failed({ retryAfterMs: 86_400_000 }), on, 0, dueIn(3600), "none"],
  ["an event that is gone", lost, on, 0, eventLost, "none"],
  ["an event that is gone, of a destination that is off", lost, off, 0, eventLost, "none"],
  ["an event that cannot be read now", postponed, on, 2, dueIn(0.005), "none"],
  ["an event that cannot be read now, in an ordered lane", postponed, ordered, 2, heldFor(0.005), "none"],
  ["a cancelled replay", revoked, on, 0, cancelled("replay_cancelled"), "none"],
  ["a cancelled replay of a destination that is off", revoked, off, 0, cancelled("replay_cancelled"), "none"],
];

test.for(rows)("%s", ([_, outcome, destination, attempts, settlement, sign]) => {
  const delivery = newPending({ enabling, attempts, claims: 1, generation: 1 });
  expect(decide(outcome, delivery, destination, moment)).toEqual({ settlement, sign });
});

describe("a destination's own schedule", () => {
  const own = newDestination({ enabling, retryScheduleSeconds: [5, 100] });
  const never = newDestination({ enabling, retryScheduleSeconds: [] });

  test.for([
    [own, 0, dueIn(5), "none"],
    [own, 1, dueIn(100), "none"],
    [own, 2, exhausted, "exhausted"],
    [never, 0, exhausted, "exhausted"],
  ] as const)("takes the place of the default (%#)", ([destination, attempts, settlement, sign]) => {
    const delivery = newPending({ enabling, attempts, claims: 1, generation: 1 });
    expect(decide(failed(), delivery, destination, moment)).toEqual({ settlement, sign });
  });
});
