import { type Clock, systemClock, type Timer } from "../../src/lib/clock.ts";

/** A clock that a test can move on. */
export type TestClock = Clock & {
  /** Lets that much time pass at once, for both times: whatever falls due by then runs before this returns, in order. */
  advance(ms: number): void;
  /** Moves wall time alone, as an operator or NTP does. */
  jump(ms: number): void;
  /** Timers that neither ran nor were cancelled. */
  readonly pendingTimers: number;
};

type Pending = { readonly dueMs: number; readonly run: () => void; timer: Timer };

/** Time stands still: what is compared step by step must not depend on the machine's speed. */
const stillClock: Clock = {
  ...systemClock,
  nowMs: () => 1_800_000_000_000,
  monotonicMs: () => 0,
  after: () => ({ cancel() {} }),
};

/** A clock that runs by itself too, or only when it is told to. */
export const createTestClock = (runs: "by itself" | "when told" = "by itself"): TestClock => {
  const base = runs === "by itself" ? systemClock : stillClock;
  const pending = new Set<Pending>();
  let movedMs = 0;
  let jumpedMs = 0;

  const monotonicMs = (): number => base.monotonicMs() + movedMs;
  const fire = (each: Pending): void => {
    // One that ran earlier may have cancelled it.
    if (!pending.delete(each)) return;
    each.timer.cancel();
    each.run();
  };
  const arm = (each: Pending): Timer => base.after(each.dueMs - monotonicMs(), () => fire(each));
  return {
    nowMs: () => base.nowMs() + movedMs + jumpedMs,
    monotonicMs,
    soon: base.soon,
    after(delayMs, run) {
      const each: Pending = { dueMs: monotonicMs() + Math.max(0, delayMs), run, timer: { cancel() {} } };
      each.timer = arm(each);
      pending.add(each);
      return {
        cancel() {
          each.timer.cancel();
          pending.delete(each);
        },
      };
    },
    advance(ms) {
      movedMs += ms;
      const nowMs = monotonicMs();
      for (const each of [...pending].toSorted((a, b) => a.dueMs - b.dueMs)) {
        if (each.dueMs <= nowMs) {
          fire(each);
          continue;
        }
        each.timer.cancel();
        each.timer = arm(each);
      }
    },
    jump(ms) {
      jumpedMs += ms;
    },
    get pendingTimers() {
      return pending.size;
    },
  };
};
