import type { Store } from "../db/store.ts";
import type { Event } from "../events/event.ts";
import { readStored } from "../events/read.ts";
import type { Clock } from "../lib/clock.ts";
import type { RoutedSource } from "../routing/table.ts";
import { type Tolerances, verifyFor } from "../routing/verify.ts";

/**
 * Whether an event may be sent on.
 *
 * - `released`: it was stored as invalid, and is valid with today's secrets: they had been mistaken before.
 * - `invalid`: its source forwards only what is validly signed, and this is not.
 * - `unreadable`: this process cannot tell, because it cannot open the secret or does not know the provider.
 * - `gone`: its bytes are not there any more.
 */
export type Standing = "fine" | "released" | "invalid" | "unreadable" | "gone";

/** What it takes to find out. */
export type StandingParts = {
  readonly store: Pick<Store, "lookup">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly tolerances: Tolerances;
};

/** Finds out whether an event may be sent on. One that was stored as invalid is verified again, as if it came then. */
export const standingOf = async (
  { store, clock, tolerances }: StandingParts,
  event: Event,
  routed: RoutedSource,
): Promise<Standing> => {
  if (event.bodyDropped) return "gone";
  if (event.signatureValid) return "fine";
  if (event.signatureReason === "skipped" && !routed.source.requireSignature) return "fine";
  const secrets = routed.secretsAt(clock.nowMs());
  // Without a secret nothing can be valid: the bytes need not be read.
  if (secrets.kind === "opened" && secrets.secrets.length === 0) {
    return routed.source.requireSignature ? "invalid" : "fine";
  }
  const stored = await readStored(store, event.id);
  if (stored === null) return "gone";
  const at = { secretsAtMs: clock.nowMs(), nowMs: event.receivedAtMs };
  // Which of its URLs was called is not kept: the one that its makers show.
  const via = routed.source.dialect === "hookstream" ? "id" : "slug";
  const verdict = verifyFor(routed, { ...stored.payload, via }, at, tolerances);
  if (verdict?.valid === true) return "released";
  if (!routed.source.requireSignature) return "fine";
  return verdict === null ? "unreadable" : "invalid";
};
