import { http } from "../../harness/http.ts";
import { pause } from "../../harness/time.ts";
import type { Fault, FaultContext } from "../fault.ts";
import type { Gateway } from "../gateway.ts";
import { createPromises } from "../promises.ts";
import { liveIn } from "./look.ts";
import { type NodesStand, openNodes } from "./stand.ts";

const rounds = { short: 30, long: 1_000 } as const;
/** Destinations of one source, in turn. */
const destinations = [0, 1, 3] as const;
const lookMs = 50;
const stallMsMax = 40_000;

const destinationsOf = (round: number): number => destinations[round % destinations.length] ?? 0;

/** Makes a source and its destinations on one node, and posts to another as soon as that is answered. Gives the answer's status. */
const changeAndPost = async (stand: NodesStand, round: number): Promise<number> => {
  const nodeAt = (index: number): Gateway => {
    const node = stand.nodes[index % stand.nodes.length];
    if (node === undefined) throw new Error("there is no node");
    return node;
  };
  const { client } = nodeAt(round);
  const source = await client.makeSource({ name: `change ${round}`, require_signature: false });
  for (let made = 0; made < destinationsOf(round); made += 1) {
    await client.makeDestination(source, { url: `${stand.receiver.url}/${made}` });
  }
  const { status } = await http(`${nodeAt(round + 1).url}${source.path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ number: round + 1 }),
  });
  return status;
};

/** Waits until nothing is left to do, or nothing has moved for a while. Gives what is left. */
const untilStill = async ({ database, receiver }: NodesStand): Promise<number> => {
  let arrived = -1;
  let movedMs = performance.now();
  for (;;) {
    const live = await liveIn(database);
    if (live === 0 || performance.now() - movedMs > stallMsMax) return live;
    if (receiver.arrivals.length !== arrived) {
      arrived = receiver.arrivals.length;
      movedMs = performance.now();
    }
    await pause(lookMs);
  }
};

const changeAndPostAll = async (context: FaultContext, stand: NodesStand): Promise<readonly number[]> => {
  const statuses: number[] = [];
  for (let round = 0; round < rounds[context.scale]; round += 1) statuses.push(await changeAndPost(stand, round));
  return statuses;
};

/** What one node made, another takes events for as soon as it is answered, with all its destinations. */
export const nodesChangesFault: Fault = {
  name: "nodes-changes",
  title: "a source and its destinations are made on one of three nodes, and an event posted to another at once",
  run: async (context) => {
    const stand = await openNodes(context, { nodes: 3 });
    const statuses = await changeAndPostAll(context, stand);
    const stuck = await untilStill(stand);
    const countOf = (round: number): number => stand.receiver.counts.get(round + 1) ?? 0;
    const acknowledged = statuses.filter((status) => status === 200).length;
    const lost = statuses.filter((_, round) => countOf(round) < destinationsOf(round)).length;
    const duplicates = statuses.reduce((sum, _, round) => sum + Math.max(0, countOf(round) - destinationsOf(round)), 0);
    const promises = createPromises();
    const refused = statuses.length - acknowledged;
    promises.keep(`every event is taken; ${refused} were not`, refused === 0);
    promises.keep(`each has as many deliveries as its source has destinations; ${lost} had fewer`, lost === 0);
    promises.keep(`and no more; there were ${duplicates} more`, duplicates === 0);
    promises.keep(`nothing is left to do; there were ${stuck} deliveries`, stuck === 0);
    return {
      account: { acknowledged, lost, stuck, duplicates, duplicatesMax: 0, longestGapMs: 0, restarts: 0 },
      figures: [{ name: "sources made and posted to", value: statuses.length, unit: "" }],
      broken: promises.broken,
    };
  },
};
