import type { Fault } from "../fault.ts";
import { nodeFrozenFault } from "./node-frozen.ts";
import { nodeKilledFault } from "./node-killed.ts";
import { nodeLeavesFault } from "./node-leaves.ts";

/** What happens to one of several nodes on a PostgreSQL database. */
export const nodeFaults: readonly Fault[] = [nodeKilledFault, nodeFrozenFault, nodeLeavesFault];
