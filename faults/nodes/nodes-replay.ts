import { pause } from "../../harness/time.ts";
import type { Fault } from "../fault.ts";
import type { Gateway } from "../gateway.ts";
import { runCourse } from "../replays/course.ts";
import { idHeader } from "../replays/received.ts";
import { bucketOf, claimsIn, liveIn, ownersIn, replayTimesIn } from "./look.ts";
import { openNodes } from "./stand.ts";

const courses = {
  // A node that dies is given up after twelve seconds: too long for a short form.
  short: { events: 2_000, ratePerSecond: 1_000, kills: 0 },
  long: { events: 100_000, ratePerSecond: 1_000, kills: 4 },
} as const;

const nodesCount = 2;
/** After a death: what its last commits and requests do is done. */
const graceMs = 300;
const lookMs = 20;

/** The same on a database, at a node that does not work on the replay, and through the death of those that do. */
export const nodesReplayFault: Fault = {
  name: "nodes-replay",
  title:
    "100,000 events are replayed with a rate by two nodes: cancelled at one half-way and gone on with; then through kills",
  run: async (context) => {
    const stand = await openNodes(context, { nodes: nodesCount, sources: 0, keptHeaders: [idHeader] });
    const { database, nodes, receiver } = stand;
    const [gateway] = nodes;
    if (gateway === undefined) throw new Error("there are no nodes");
    const ownerOf = async (id: string): Promise<Gateway> => {
      for (;;) {
        const pid = (await ownersIn(database)).get(bucketOf(id));
        const owner = nodes.find(({ serve }) => serve.pid === pid);
        if (owner !== undefined) return owner;
        await pause(lookMs);
      }
    };
    let strikes = 0;
    const ground = {
      gateway,
      receiver,
      cancellerOf: async (replayId: string) => {
        const owner = await ownerOf(replayId);
        return nodes.find((node) => node !== owner) ?? owner;
      },
      heardMsMax: 250,
      sentMs: (replayId: string) => replayTimesIn(database, replayId),
      strike: async (replayId: string, destinationId: string) => {
        const owner = await ownerOf(strikes % 2 === 0 ? replayId : destinationId);
        strikes += 1;
        const { pid } = owner.serve;
        await owner.kill();
        await pause(graceMs);
        const claims = await claimsIn(database, [pid]);
        await owner.start();
        return new Set(claims);
      },
      stuck: () => liveIn(database),
    };
    return runCourse(context, ground, courses[context.scale]);
  },
};
