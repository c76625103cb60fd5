import type { Join } from "../db/group-commit.ts";
import type { Clock } from "../lib/clock.ts";
import type { ForwardTime } from "../lib/forward-time.ts";
import type { Claimed, ClaimWish } from "../queue/claim.ts";
import type { Ownership } from "../queue/ownership.ts";
import type { Destination } from "../routing/destination.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { ReplayRates } from "./replay-rates.ts";
import type { Progress, Work, WorkEnd } from "./work.ts";

/** What lanes need. */
export type LanesParts = {
  readonly clock: Pick<Clock, "monotonicMs" | "after" | "soon">;
  /** What deliveries are due by. */
  readonly dueTime: ForwardTime;
  readonly table: RoutingTable;
  readonly claim: Join<ClaimWish, Claimed>;
  /** Whether attempts may start at all. */
  readonly mayStart: () => boolean;
  /** Does one piece of work. */
  readonly work: (work: Work, destination: Destination, progress: Progress) => Promise<WorkEnd>;
  /** Whether nobody wants a piece of work any more, though its destination is on. */
  readonly isRevoked: (work: Work) => boolean;
  /** Gets rid of work that nobody wants any more. */
  readonly cancel: (work: Work) => void;
  /** Which destinations this process sends to. */
  readonly ownership: Ownership;
  /** What bulk replays with a rate have sent. Default: none has a rate. */
  readonly replayRates?: ReplayRates;
  /** Gives work back to the store: somebody else sends it. */
  readonly giveBack: (work: Work) => void;
};
