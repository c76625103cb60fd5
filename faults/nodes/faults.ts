import type { Fault } from "../fault.ts";
import { databaseRestartFault } from "./database-restart.ts";
import { nodesChangesFault } from "./nodes-changes.ts";
import { nodesClockFault } from "./nodes-clock.ts";
import { nodesDeadlockFault } from "./nodes-deadlock.ts";
import { nodesFrozenFault } from "./nodes-frozen.ts";
import { nodesAnswersFault, nodesHalfOpenFault } from "./nodes-half-open.ts";
import { nodesKillFault } from "./nodes-kill.ts";
import { nodesLeaveFault } from "./nodes-leave.ts";
import { nodesLimitsFault } from "./nodes-limits.ts";
import { nodesReplayFault } from "./nodes-replay.ts";
import { nodesStandbyFault } from "./nodes-standby.ts";

/** What happens to several nodes on one PostgreSQL database, and to the database. */
export const nodesFaults: readonly Fault[] = [
  nodesChangesFault,
  nodesKillFault,
  nodesFrozenFault,
  nodesLeaveFault,
  databaseRestartFault,
  nodesHalfOpenFault,
  nodesAnswersFault,
  nodesStandbyFault,
  nodesDeadlockFault,
  nodesClockFault,
  nodesLimitsFault,
  nodesReplayFault,
];
