import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type Candidate, type Contest, nextTurn, replaySlots, type Turn } from "../../src/delivery/turn.ts";

const ready = (deliveryId = "a"): Candidate => ({ deliveryId, waitMs: 0 });
const held = (waitMs: number, deliveryId = "a"): Candidate => ({ deliveryId, waitMs });

const contest = (over: Partial<Contest> = {}): Contest => ({
  ordered: false,
  slots: 16,
  running: 0,
  runningReplays: 0,
  last: "replays",
  live: null,
  replays: null,
  ...over,
});

const start = (turn: Turn) => ({ kind: "start", turn });
const wait = (waitMs: number) => ({ kind: "wait", waitMs });
const none = { kind: "none" };

describe("a lane of many slots", () => {
  test.for<[what: string, over: Partial<Contest>, verdict: object]>([
    ["has nothing to do when nothing waits", {}, none],
    ["starts what is live", { live: ready() }, start("live")],
    ["starts a replay when nothing live waits", { replays: ready() }, start("replays")],
    ["alternates: live after a replay", { live: ready(), replays: ready(), last: "replays" }, start("live")],
    ["alternates: a replay after live", { live: ready(), replays: ready(), last: "live" }, start("replays")],
    ["starts nothing when all slots are taken", { live: ready(), replays: ready(), running: 16 }, none],
    ["keeps half of its slots from replays", { replays: ready(), running: 8, runningReplays: 8 }, none],
    ["starts a replay within the half", { replays: ready(), running: 15, runningReplays: 7 }, start("replays")],
    [
      "gives live what replays may not have",
      { live: ready(), replays: ready(), last: "live", running: 8, runningReplays: 8 },
      start("live"),
    ],
    ["passes a live one by that must wait", { live: held(500), replays: ready() }, start("replays")],
    ["passes a replay by that must wait", { live: ready(), replays: held(500), last: "live" }, start("live")],
    ["waits for whichever is ready first", { live: held(500), replays: held(200) }, wait(200)],
    [
      "does not wait for a replay that has no slot",
      { live: held(500), replays: held(200), running: 8, runningReplays: 8 },
      wait(500),
    ],
  ])("%s", ([, over, verdict]) => expect(nextTurn(contest(over))).toEqual(verdict));
});

describe("a lane of one slot", () => {
  test.for<[what: string, over: Partial<Contest>, verdict: object]>([
    ["takes turns", { live: ready(), replays: ready(), last: "live" }, start("replays")],
    ["takes turns the other way", { live: ready(), replays: ready(), last: "replays" }, start("live")],
    ["is busy with a replay", { live: ready(), running: 1, runningReplays: 1 }, none],
  ])("%s", ([, over, verdict]) => expect(nextTurn(contest({ slots: 1, ...over }))).toEqual(verdict));
});

describe("an ordered lane", () => {
  test.for<[what: string, over: Partial<Contest>, verdict: object]>([
    ["starts the first, be it live", { live: ready("a"), replays: ready("b"), last: "live" }, start("live")],
    ["starts the first, be it a replay", { live: ready("b"), replays: ready("a"), last: "replays" }, start("replays")],
    ["is held up by the first", { live: held(500, "a"), replays: ready("b") }, wait(500)],
    ["is held up by a replay that is first", { live: ready("b"), replays: held(500, "a") }, wait(500)],
    ["has one attempt under way", { live: ready(), running: 1 }, none],
    ["has nothing to do when nothing waits", {}, none],
  ])("%s", ([, over, verdict]) => {
    expect(nextTurn(contest({ ordered: true, slots: 1, ...over }))).toEqual(verdict);
  });
});

test.for([
  [1, 1],
  [2, 1],
  [3, 1],
  [16, 8],
  [256, 128],
])("of %i slots replays may have %i", ([slots, theirs]) => expect(replaySlots(slots!)).toBe(theirs));

test("with both waiting for ever, a lane fills up, replays get half of it, and each kind goes on", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 32 }),
      fc.array(fc.nat(31), { minLength: 200, maxLength: 200 }),
      (slots, ends) => {
        const running: Turn[] = [];
        const started = { live: 0, replays: 0 };
        let last: Turn = "replays";
        for (const end of ends) {
          const runningReplays = running.filter((turn) => turn === "replays").length;
          const verdict = nextTurn(
            contest({ slots, running: running.length, runningReplays, last, live: ready(), replays: ready() }),
          );
          if (verdict.kind === "start") {
            last = verdict.turn;
            started[last] += 1;
            running.push(last);
            expect(running.filter((turn) => turn === "replays").length).toBeLessThanOrEqual(replaySlots(slots));
            continue;
          }
          expect(running).toHaveLength(slots);
          running.splice(end % slots, 1);
        }
        expect(started.live).toBeGreaterThanOrEqual(started.replays - 1);
        expect(started.replays).toBeGreaterThan(0);
      },
    ),
  );
});
