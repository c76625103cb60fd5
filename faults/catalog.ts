import type { Fault } from "./fault.ts";
import { networkFaults } from "./network/faults.ts";
import { nodesFaults } from "./nodes/faults.ts";
import { processFaults } from "./process/faults.ts";

/** All faults, in the order in which they are run. */
export const faults: readonly Fault[] = [...processFaults, ...networkFaults, ...nodesFaults];
