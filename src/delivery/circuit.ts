import type { Delivery } from "../queue/delivery.ts";
import type { CircuitState, Destination } from "../routing/destination.ts";
import type { AttemptCode, Outcome } from "./outcome.ts";
import { retryPolicyOf } from "./retry-policy.ts";

/** A destination's circuit: its rule and where it stands. */
export type Circuit = Pick<Destination, "circuit"> & CircuitState;

/** What a destination's circuit lets pass. `probe`: one delivery, and the next when it is known what came of it. */
export type Gate =
  | { readonly kind: "open" }
  | { readonly kind: "probe" }
  | { readonly kind: "shut"; readonly waitMs: number };

const open: Gate = { kind: "open" };
const probe: Gate = { kind: "probe" };

/** What may be sent at this moment. A circuit that is open, as circuits are said to be, is a gate that is shut. */
export const gateOf = ({ circuit, circuitOpenedAtMs }: Circuit, dueNowMs: number): Gate => {
  if (circuitOpenedAtMs === null || !circuit.enabled) return open;
  const waitMs = circuitOpenedAtMs + circuit.resetMs - dueNowMs;
  return waitMs > 0 ? { kind: "shut", waitMs } : probe;
};

/** What failed on our side says nothing about the receiver. */
const isOwnFault: ReadonlySet<AttemptCode> = new Set(["transform", "signature", "crashed", "cancelled"]);

/** A circuit after one more outcome. The same object when nothing changed. */
export const afterOutcome = <Known extends Circuit>(known: Known, outcome: Outcome, dueNowMs: number): Known => {
  const { circuit, circuitFailures, circuitOpenedAtMs } = known;
  if (!circuit.enabled) return known;
  if (outcome.kind === "succeeded") {
    const isClosed = circuitFailures === 0 && circuitOpenedAtMs === null;
    return isClosed ? known : { ...known, circuitFailures: 0, circuitOpenedAtMs: null };
  }
  if (outcome.kind !== "failed" || isOwnFault.has(outcome.code)) return known;
  const failures = circuitFailures + 1;
  if (circuitOpenedAtMs === null) {
    const openedAtMs = failures >= circuit.threshold ? dueNowMs : null;
    return { ...known, circuitFailures: failures, circuitOpenedAtMs: openedAtMs };
  }
  // What was under way when it opened does not keep it open for longer; a probe that failed does.
  const isProbe = gateOf(known, dueNowMs).kind === "probe";
  return { ...known, circuitFailures: failures, circuitOpenedAtMs: isProbe ? dueNowMs : circuitOpenedAtMs };
};

/** How much longer than its own waits a delivery waits for a circuit to close. */
const patienceMs = 3_600_000;

/** Whether a delivery has waited for its destination's open circuit for as long as it may. */
export const isOutOfTime = (
  { createdAtMs }: Pick<Delivery, "createdAtMs">,
  destination: Destination,
  dueNowMs: number,
): boolean => {
  if (gateOf(destination, dueNowMs).kind === "open") return false;
  const waitsMs = retryPolicyOf(destination).waitsMs.reduce((sum, waitMs) => sum + waitMs, 0);
  return dueNowMs > createdAtMs + waitsMs + patienceMs;
};

/** Since when nothing is sent. Null: the circuit is closed, or there is none. */
export const openSinceMsOf = ({ circuit, circuitOpenedAtMs }: Circuit): number | null =>
  circuit.enabled ? circuitOpenedAtMs : null;

/** Where a circuit stands, as people call it. */
export const circuitStateOf = (circuit: Circuit, dueNowMs: number): "closed" | "open" | "half_open" => {
  switch (gateOf(circuit, dueNowMs).kind) {
    case "open":
      return "closed";
    case "shut":
      return "open";
    case "probe":
      return "half_open";
  }
};
