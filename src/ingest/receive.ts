import type { Join } from "../db/group-commit.ts";
import { isPassing } from "../db/store-error.ts";
import type { Clock } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import type { HandshakeAnswer } from "../providers/handshake.ts";
import type { RoutedSource } from "../routing/table.ts";
import type { Tolerances } from "../routing/verify.ts";
import type { Arrival, Stored } from "./arrivals.ts";
import { handshakeOf } from "./handshake.ts";
import type { Incoming } from "./incoming.ts";
import { judge, type SchemaErrors } from "./judge.ts";
import { WindowCount } from "./window-count.ts";

/** What became of a request. */
export type Receipt =
  /** On disk. `duplicate`: it repeats an event, and goes nowhere. `valid`: as far as its source wants to know. */
  | { readonly kind: "stored"; readonly eventId: Id; readonly valid: boolean; readonly duplicate: boolean }
  /** A sender's question, which is no event. */
  | { readonly kind: "answered"; readonly answer: HandshakeAnswer }
  /** Such a request makes no event, and no question of its sender's was found in it. */
  | { readonly kind: "no_event" }
  /** Not validly signed, and its source has its sender told so. It may be kept, without its body. */
  | { readonly kind: "unverified" }
  /** Not what its source takes. Nothing of it is kept. */
  | { readonly kind: "schema_refused"; readonly errors: SchemaErrors }
  /** Above the bound of events without a valid signature. The sender is not told. */
  | { readonly kind: "dropped" }
  /** The source was deleted meanwhile. */
  | { readonly kind: "gone" }
  | { readonly kind: "rate_limited"; readonly retryAfterMs: number }
  /** The store is unavailable, or more waits than may wait. */
  | { readonly kind: "overloaded" }
  /** The source's secret cannot be opened by this process. */
  | { readonly kind: "unreadable" };

/** What receiving needs. */
export type ReceiveParts = {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly arrive: Join<Arrival, Stored>;
  readonly tolerances: Tolerances;
};

/** Takes a request for a source. Resolves once the event is on disk, or is refused. */
export type Receive = (
  routed: RoutedSource,
  incoming: Incoming,
  /** `question`: such a request makes no event, and can only be a sender's question. Default: `event`. */
  as?: "event" | "question",
) => Promise<Receipt>;

const hourMs = 3_600_000;
const minuteMs = 60_000;

/** What a forger can make a source keep in an hour. */
const quarantineLimit = { eventsMax: 1000, bytesMax: 16 * 1024 * 1024 };

/** Arrivals that may wait for their commit. */
const waitingMax = 10_000;

/** Makes the function that takes every request, whatever its URL's dialect. */
export const createReceive = ({ clock, arrive, tolerances }: ReceiveParts): Receive => {
  const quarantine = new WindowCount(clock, hourMs);
  const rates = new WindowCount(clock, minuteMs);
  let waiting = 0;

  const refusal = ({ source }: RoutedSource, incoming: Incoming): Receipt | null => {
    if (waiting >= waitingMax) return { kind: "overloaded" };
    const eventsMax = source.rateLimitPerMinute;
    if (eventsMax === null) return null;
    const retryAfterMs = rates.take(source.id, incoming.body.byteLength, { eventsMax, bytesMax: Infinity });
    return retryAfterMs === 0 ? null : { kind: "rate_limited", retryAfterMs };
  };

  return async (routed, incoming, as = "event") => {
    const refused = refusal(routed, incoming);
    if (refused !== null) return refused;
    const answer = handshakeOf(routed, incoming, tolerances);
    if (answer !== null) return { kind: "answered", answer };
    if (as === "question") return { kind: "no_event" };
    const judgement = judge(routed, incoming, tolerances);
    if (judgement.kind !== "judged") return judgement;
    const { judged } = judgement;
    const keptBytes = judged.bodyDropped ? 0 : incoming.body.byteLength;
    if (judged.quarantined && quarantine.take(routed.source.id, keptBytes, quarantineLimit) > 0) {
      return { kind: judged.bodyDropped ? "unverified" : "dropped" };
    }
    waiting += 1;
    try {
      return await arrive({ routed, incoming, judged });
    } catch (error) {
      if (isPassing(error)) return { kind: "overloaded" };
      throw error;
    } finally {
      waiting -= 1;
    }
  };
};
