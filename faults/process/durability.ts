import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { MadeSource } from "../../harness/client.ts";
import { openConnection } from "../../harness/connection.ts";
import type { Fault, FaultContext } from "../fault.ts";
import type { Gateway } from "../gateway.ts";
import { eventRequest } from "../load.ts";
import { createPromises, type Promises } from "../promises.ts";
import { numbersInRemains } from "../store.ts";
import { straceWrapper } from "./strace.ts";
import { countSyncs, stepsOf, type SyncCount } from "./trace.ts";

const posts = { short: 20, long: 200 } as const;
const bodyBytes = 200;
const syncs = ["fsync", "fdatasync"] as const;

/** A thread's first fsyncs are those of its start; then every third one fails. */
const failing = `${syncs.join(",")}:error=EIO:when=20+3`;

/** Posts events one after the other, each once the last one was answered. Gives the numbers that were acknowledged. */
const postInTurn = async (gateway: Gateway, source: MadeSource, count: number): Promise<readonly number[]> => {
  let answered = Promise.withResolvers<number>();
  const connection = await openConnection(gateway.port, (status) => answered.resolve(status));
  const acknowledged: number[] = [];
  for (let number = 1; number <= count; number += 1) {
    answered = Promise.withResolvers();
    connection.send(eventRequest(source.path, number, bodyBytes));
    if ((await answered.promise) === 200) acknowledged.push(number);
  }
  connection.close();
  return acknowledged;
};

type Traced = SyncCount & { readonly acknowledged: number; readonly lost: number };

const traceOnce = async (context: FaultContext, count: number, inject?: string): Promise<Traced> => {
  const logPath = join(context.newDirectory("trace"), "calls.log");
  const trace = [...syncs, "read", "write", "writev", "sendto", "sendmsg"];
  const wrapper = straceWrapper({ trace, logPath, ...(inject === undefined ? {} : { inject }) });
  const gateway = await context.startGateway({ wrapper });
  // Nothing is delivered, so no commit is of anything but these events.
  const source = await gateway.client.makeSource({ name: "traced", require_signature: false });
  const acknowledged = await postInTurn(gateway, source, count);
  await gateway.kill();
  const stored = numbersInRemains(gateway.directory, context.newDirectory("remains"));
  return {
    ...countSyncs(stepsOf(readFileSync(logPath, "utf8").split("\n"))),
    acknowledged: acknowledged.length,
    lost: acknowledged.filter((number) => !stored.has(number)).length,
  };
};

const keep = (promises: Promises, { acknowledged, lost, accepted, fsyncs, early }: Traced): void => {
  promises.keep(`all that are acknowledged are in the store; ${lost} are not`, lost === 0);
  promises.keep(`strace sees ${acknowledged} answers of 200; it saw ${accepted}`, accepted === acknowledged);
  promises.keep(`no 200 is written before the fsync of its commit has ended well; ${early} were`, early === 0);
  promises.keep(
    `${acknowledged} acknowledged posts cause at least as many fsyncs of the log; they caused ${fsyncs}`,
    fsyncs >= acknowledged,
  );
};

/** Every acknowledged event has been fsynced, as the kernel sees it: nothing that the gateway says of itself counts. */
export const durabilityFault: Fault = {
  name: "durability",
  title: "the fsyncs of one event after the other, seen from outside (strace); then, every third one fails",
  run: async (context) => {
    const count = posts[context.scale];
    const well = await traceOnce(context, count);
    const badly = await traceOnce(context, count, failing);
    const promises = createPromises();
    for (const each of [well, badly]) keep(promises, each);
    promises.keep(`${count} posts are acknowledged; ${well.acknowledged} were`, well.acknowledged === count);
    promises.keep("some are, and some are not, while every third fsync fails", badly.acknowledged < count);
    return {
      account: {
        acknowledged: well.acknowledged + badly.acknowledged,
        lost: well.lost + badly.lost,
        stuck: 0,
        duplicates: 0,
        duplicatesMax: 0,
        longestGapMs: 0,
        restarts: 0,
      },
      figures: [
        { name: "acknowledged", value: well.acknowledged, unit: "" },
        { name: "fsyncs of the log", value: well.fsyncs, unit: "" },
        { name: "acknowledged, while every third fsync fails", value: badly.acknowledged, unit: "" },
        { name: "fsyncs of the log that ended well meanwhile", value: badly.fsyncs, unit: "" },
        { name: "200s before their fsync", value: well.early + badly.early, unit: "" },
      ],
      broken: promises.broken,
    };
  },
};
