import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { MadeSource } from "../../harness/client.ts";
import { openConnection } from "../../harness/connection.ts";
import type { Fault } from "../fault.ts";
import type { Gateway } from "../gateway.ts";
import { eventRequest } from "../load.ts";
import { createPromises } from "../promises.ts";
import { lookAtRemains } from "../store.ts";
import { straceWrapper } from "./strace.ts";
import { countSyncs, stepsOf } from "./trace.ts";

const posts = { short: 20, long: 200 } as const;

/** Posts events one after the other, each once the last one was answered. Gives how many were acknowledged. */
const postInTurn = async (gateway: Gateway, source: MadeSource, count: number): Promise<number> => {
  let answered = Promise.withResolvers<number>();
  const connection = await openConnection(gateway.port, (status) => answered.resolve(status));
  let acknowledged = 0;
  for (let number = 1; number <= count; number += 1) {
    answered = Promise.withResolvers();
    connection.send(eventRequest(source.path, number, 200));
    if ((await answered.promise) === 200) acknowledged += 1;
  }
  connection.close();
  return acknowledged;
};

/** Every acknowledged event has been fsynced, as the kernel sees it: nothing that the gateway says of itself counts. */
export const durabilityFault: Fault = {
  name: "durability",
  title: "events one after the other, and the fsyncs of their commits counted from outside the process (strace)",
  run: async (context) => {
    const logPath = join(context.newDirectory("trace"), "calls.log");
    const trace = ["fsync", "fdatasync", "read", "write", "writev", "sendto", "sendmsg"];
    const gateway = await context.startGateway({ wrapper: straceWrapper({ trace, logPath }) });
    // Nothing is delivered, so no commit is of anything but these events.
    const source = await gateway.client.makeSource({ name: "traced", require_signature: false });
    const count = posts[context.scale];
    const acknowledged = await postInTurn(gateway, source, count);
    await gateway.kill();
    const { events } = lookAtRemains(gateway.directory, context.newDirectory("remains"));
    const { accepted, fsyncs, early } = countSyncs(stepsOf(readFileSync(logPath, "utf8").split("\n")));
    const promises = createPromises();
    promises.keep(`${count} posts are acknowledged; ${acknowledged} were`, acknowledged === count);
    promises.keep(`all are in the store; ${events} are`, events === count);
    promises.keep(`strace sees ${count} answers of 200; it saw ${accepted}`, accepted === count);
    promises.keep(
      `${count} acknowledged posts cause at least as many fsyncs of the log; they caused ${fsyncs}`,
      fsyncs >= count,
    );
    promises.keep(`no 200 is written before the fsync of its commit has ended; ${early} were`, early === 0);
    return {
      account: {
        acknowledged,
        lost: count - events,
        stuck: 0,
        duplicates: 0,
        duplicatesMax: 0,
        longestGapMs: 0,
        restarts: 0,
      },
      figures: [
        { name: "fsyncs of the log", value: fsyncs, unit: "" },
        { name: "200s before their fsync", value: early, unit: "" },
      ],
      broken: promises.broken,
    };
  },
};
