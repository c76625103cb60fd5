import type { Fault } from "../fault.ts";
import { namesFault } from "./names.ts";
import { neighboursFault } from "./neighbours.ts";
import { rebindingFault } from "./rebinding.ts";
import { receiversFault } from "./receivers.ts";
import { sendersFault } from "./senders.ts";
import { signUpsFault } from "./sign-ups.ts";

/** What happens to the network around the gateway: receivers, name servers, senders, and who shares it with them. */
export const networkFaults: readonly Fault[] = [
  receiversFault,
  rebindingFault,
  namesFault,
  sendersFault,
  neighboursFault,
  signUpsFault,
];
