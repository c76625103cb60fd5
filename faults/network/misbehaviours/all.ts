import { breakingReceivers } from "./breaking.ts";
import { brokenTlsReceivers } from "./broken-tls.ts";
import { floodingReceivers } from "./flooding.ts";
import { lyingReceivers } from "./lying.ts";
import type { Misbehaviour } from "./misbehaviour.ts";
import { slowReceivers } from "./slow.ts";

/** Every way to misbehave. `trap`: a URL that nothing may ever be sent to. */
export const allMisbehaviours = (trap: string): readonly Misbehaviour[] => [
  ...slowReceivers,
  ...breakingReceivers,
  ...floodingReceivers,
  ...lyingReceivers(trap),
  ...brokenTlsReceivers,
];
