import type { Fault } from "../fault.ts";
import { brokenDiskFault } from "./broken-disk.ts";
import { clockFault } from "./clock.ts";
import { diskFault } from "./disk.ts";
import { durabilityFault } from "./durability.ts";
import { frozenFault } from "./frozen.ts";
import { interruptedFault } from "./interrupted.ts";
import { killsFault } from "./kills.ts";
import { poisonFault } from "./poison.ts";
import { replayFault } from "./replay.ts";
import { shutdownFault } from "./shutdown.ts";
import { slowDiskFault } from "./slow-disk.ts";
import { smallDiskFault } from "./small-disk.ts";

/** What happens to the gateway's process, its disk and its clock. */
export const processFaults: readonly Fault[] = [
  killsFault,
  interruptedFault,
  shutdownFault,
  frozenFault,
  clockFault,
  poisonFault,
  durabilityFault,
  diskFault,
  smallDiskFault,
  slowDiskFault,
  brokenDiskFault,
  replayFault,
];
