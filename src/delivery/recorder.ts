import type { Draft, Join } from "../db/group-commit.ts";
import type { Row } from "../db/held-rows.ts";
import { isHeld, isPassing } from "../db/store-error.ts";
import type { Store } from "../db/store.ts";
import { refreshStatusOperation, statusRow } from "../events/status.ts";
import { type Clock, wait } from "../lib/clock.ts";
import type { ForwardTime } from "../lib/forward-time.ts";
import type { Id } from "../lib/ids.ts";
import type { Random } from "../lib/random.ts";
import type { Observer } from "../observe/observe.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Ownership } from "../queue/ownership.ts";
import { deliveryRow, type Settled, settleOperation, type Settlement } from "../queue/settle.ts";
import type { CircuitState, Destination } from "../routing/destination.ts";
import { type DestinationHealth, healthOf, healthOperation, healthRow } from "../routing/health.ts";
import type { RoutingTable } from "../routing/table.ts";
import { type Attempt, logOperation } from "./attempt-log.ts";
import { afterOutcome } from "./circuit.ts";
import { decide } from "./decide.ts";
import { afterSign, signFor } from "./health.ts";
import type { Outcome } from "./outcome.ts";

/** What a lane did with a delivery, on its way to the store. */
export type Report = { readonly delivery: Delivery; readonly outcome: Outcome; readonly attempt: Attempt | null };

/** Reports in one commit, at most. */
const reportsMax = 512;

/** Reports that may wait before no further attempt is started. */
const pendingMax = 1000;

/** Waits between tries to record while the store is unavailable: for so long nothing is sent although there is space again. */
const retryMs = { first: 250, max: 1_000 } as const;

/** The longest one for what somebody's open transaction holds: that is known by then, and asked for, not waited for. */
const heldRetryMsMax = 5_000;

/** Reports that may wait for such transactions before no further attempt is started: they do not count as pending. */
const heldMax = 5_000;

/** Whether a delivery that succeeds changes nothing of its destination. */
const isWell = ({ failureCount, circuitFailures, circuitOpenedAtMs }: Omit<DestinationHealth, "id">): boolean =>
  failureCount === 0 && circuitFailures === 0 && circuitOpenedAtMs === null;

/** What the recorder needs, and whom it tells of what it changed. */
export type RecorderParts = {
  readonly store: Pick<Store, "line">;
  readonly clock: Clock;
  /** What deliveries are due by. */
  readonly dueTime: ForwardTime;
  readonly random: Pick<Random, "fraction">;
  readonly table: RoutingTable;
  readonly ownership: Pick<Ownership, "standingOf">;
  readonly observer: Pick<Observer, "deliveryEnded" | "destinationDisabled" | "circuitChanged" | "faulted">;
  /** Whether what fails of a bulk replay is not tried again. */
  readonly isReplayedOnce: (replayId: Id) => boolean;
  /** Deliveries that are due again in the store, told before any later commit is drafted. */
  readonly onDue: (destinationId: Id, atMs: number) => void;
  readonly onDisabled: (destination: Destination) => void;
  /** A circuit opened or closed. */
  readonly onCircuit: (destinationId: Id) => void;
  /** Attempts may start again, after somebody was told that they may not. */
  readonly onRecovered: () => void;
};

const isShut = ({ circuitOpenedAtMs }: CircuitState): boolean => circuitOpenedAtMs !== null;

type Judged = { readonly report: Report; readonly settlement: Settlement };
type Judgement = {
  readonly judged: readonly Judged[];
  readonly changed: ReadonlyMap<Id, Omit<DestinationHealth, "id">>;
};

/**
 * Records what lanes did: attempt, delivery, event and destination change in one commit. It decides in that commit too,
 * so that a destination which was switched off meanwhile is seen. An outcome is kept until it is on disk; while that
 * fails, `mayStart` is false and nothing new is sent.
 */
export class Recorder {
  readonly #parts: RecorderParts;
  readonly #join: Join<Report, Settlement>;
  readonly #pending = new Set<Report>();
  /** Those of them that were tried. Cancellations do not count: there may be thousands, and none of them was sent. */
  #triedPending = 0;
  /** Set when the store was unavailable, until a commit succeeds again. */
  #blocked = false;
  /** Reports that wait for somebody's open transaction. */
  readonly #held = new Set<Report>();
  #triedHeld = 0;
  #refused = false;
  readonly #end = Promise.withResolvers<void>();
  #isEnding = false;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
    this.#join = parts.store.line<Report, Settlement>({
      name: "outcomes",
      itemsMax: reportsMax,
      rows: (report) => this.#rowsOf(report),
      draft: (reports) => this.#draft(reports),
    });
  }

  /** Whether the store keeps up, so that another attempt may start. Whoever is refused is told by `onRecovered`. */
  get mayStart(): boolean {
    const isKeptUp = this.#triedPending - this.#triedHeld < pendingMax && this.#triedHeld < heldMax;
    const may = !this.#blocked && isKeptUp;
    if (!may) this.#refused = true;
    return may;
  }

  /** Deliveries whose outcome is not on disk yet. */
  *inHand(): Generator<Delivery> {
    for (const { delivery } of this.#pending) yield delivery;
  }

  /**
   * For the end of the process: what cannot be written now is not tried again. It stays claimed in the store, so the next
   * process tries the delivery once more.
   */
  giveUp(): void {
    this.#isEnding = true;
    this.#end.resolve();
  }

  /** Resolves once the outcome is on disk, or with null when it was given up. */
  async record(report: Report): Promise<Settlement | null> {
    this.#pending.add(report);
    const tried = report.attempt === null ? 0 : 1;
    this.#triedPending += tried;
    try {
      for (let waitMs: number = retryMs.first; ; waitMs *= 2) {
        try {
          return await this.#join(report);
        } catch (error) {
          this.#failed(report, error);
        }
        if (this.#isEnding) return null;
        waitMs = Math.min(waitMs, this.#held.has(report) ? heldRetryMsMax : retryMs.max);
        await Promise.race([wait(this.#parts.clock, waitMs), this.#end.promise]);
      }
    } finally {
      this.#pending.delete(report);
      this.#setHeld(report, false);
      this.#triedPending -= tried;
      this.#tellRecovered();
    }
  }

  /** A report that the store refuses for what it is, or for a row of its own, must not stop the others. Each outage is told once. */
  #failed(report: Report, error: unknown): void {
    const isTold = isHeld(error) ? this.#held.size > 0 : isPassing(error) && this.#blocked;
    if (!isTold) this.#parts.observer.faulted({ task: "record outcomes", error });
    this.#setHeld(report, isHeld(error));
    // Who tells what is held takes all else.
    if (isPassing(error)) this.#blocked = !isHeld(error);
    this.#tellRecovered();
  }

  #setHeld(report: Report, isNow: boolean): void {
    if (this.#held.has(report) === isNow) return;
    if (isNow) this.#held.add(report);
    else this.#held.delete(report);
    if (report.attempt !== null) this.#triedHeld += isNow ? 1 : -1;
  }

  #tellRecovered(): void {
    if (!this.#refused || !this.mayStart) return;
    this.#refused = false;
    this.#parts.onRecovered();
  }

  /** What recording a report changes, as far as can be told before it is judged. */
  #rowsOf({ delivery, outcome }: Report): readonly Row[] {
    const destination = this.#parts.table.destination(delivery.destinationId)?.destination;
    const isHealthKept = outcome.kind === "succeeded" && (destination === undefined || isWell(destination));
    const rows = [deliveryRow(delivery), statusRow(delivery.eventId)];
    return isHealthKept ? rows : [...rows, healthRow(delivery.destinationId)];
  }

  /** Judges in order: ten failures in one batch are ten failures. */
  #judge(reports: readonly Report[]): Judgement {
    const { clock, dueTime, random, table, ownership, isReplayedOnce } = this.#parts;
    const now = { nowMs: clock.nowMs(), dueNowMs: dueTime.nowMs() };
    const changed = new Map<Id, Omit<DestinationHealth, "id">>();
    const judged = reports.map((report): Judged => {
      const { delivery, outcome } = report;
      const known = table.destination(delivery.destinationId)?.destination;
      const destination = known && { ...known, ...changed.get(known.id) };
      const { settlement, sign } = decide(outcome, delivery, destination, {
        ...now,
        random: random.fraction(),
        isOnce: delivery.replayId !== null && isReplayedOnce(delivery.replayId),
      });
      // What another process sends to is that one's to judge.
      const isJudge = ["ours", "leaving"].includes(ownership.standingOf(delivery.destinationId));
      if (destination !== undefined && isJudge) {
        const health = afterSign(destination, signFor(destination, sign));
        const changedTo = afterOutcome(health, outcome, now.dueNowMs);
        if (changedTo !== destination) changed.set(destination.id, healthOf(changedTo));
      }
      return { report, settlement };
    });
    return { judged, changed };
  }

  #draft(reports: readonly Report[]): Draft<Settlement> {
    const { judged, changed } = this.#judge(reports);
    const settled = judged.map(({ report: { delivery, attempt }, settlement }): Settled => ({
      delivery,
      settlement,
      attempts: delivery.attempts + (attempt === null ? 0 : 1),
    }));
    const tried = reports.flatMap(({ delivery, attempt }) => (attempt === null ? [] : [{ delivery, attempt }]));
    const ended = settled.filter(({ settlement }) => settlement.to === "ended");
    const { table } = this.#parts;
    const isSwitched = [...changed].some(([id, health]) => {
      const known = table.destination(id)?.destination;
      return known?.enabling !== health.enabling || isShut(known) !== isShut(health);
    });
    return {
      // Failure counts are the business of whoever sends to the destination; that it is off, or its circuit open, is everybody's.
      ...(isSwitched ? { changes: "routing" } : {}),
      operations: [
        settleOperation(settled),
        logOperation(tried),
        refreshStatusOperation(ended.map(({ delivery }) => delivery.eventId)),
        healthOperation(
          [...changed].map(([id, health]) => ({ id, ...health })),
          this.#parts.clock.nowMs(),
        ),
      ],
      committed: () => {
        this.#committed(judged, changed);
        return judged.map(({ settlement }) => settlement);
      },
    };
  }

  #committed(judged: readonly Judged[], changed: ReadonlyMap<Id, Omit<DestinationHealth, "id">>): void {
    const { table, observer, onDue, onDisabled, onCircuit } = this.#parts;
    this.#blocked = false;
    for (const [id, health] of changed) {
      const known = table.destination(id)?.destination;
      table.patchDestination(id, health);
      if (known !== undefined && isShut(known) !== isShut(health)) {
        observer.circuitChanged({ to: isShut(health) ? "open" : "closed", destinationId: id });
        onCircuit(id);
      }
      const destination = table.destination(id)?.destination;
      if (health.enabled || destination === undefined) continue;
      observer.destinationDisabled({ reason: health.disabledReason ?? "failures", destinationId: id });
      onDisabled(destination);
    }
    for (const { report, settlement } of judged) {
      const { id: deliveryId, destinationId } = report.delivery;
      if (settlement.to === "due") onDue(destinationId, settlement.atMs);
      if (settlement.to !== "ended") continue;
      const reason = settlement.status === "success" ? null : settlement.reason;
      observer.deliveryEnded({ status: settlement.status, reason, destinationId, deliveryId });
    }
  }
}
