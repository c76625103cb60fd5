import type { Fault } from "../fault.ts";
import { diskFault } from "./disk.ts";
import { durabilityFault } from "./durability.ts";
import { killsFault } from "./kills.ts";
import { smallDiskFault } from "./small-disk.ts";

/** What happens to the gateway's process, its disk and its clock. */
export const processFaults: readonly Fault[] = [killsFault, durabilityFault, diskFault, smallDiskFault];
