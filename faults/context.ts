import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createChildren } from "../harness/children.ts";
import type { Fault, FaultContext, FaultResult, Scale } from "./fault.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { startLoad } from "./load.ts";
import { startReceiver } from "./receiver.ts";

/** How a fault is run. */
export type Run = {
  readonly scale: Scale;
  /** Where directories are made. Default: the system's temporary one. */
  readonly directory?: string | undefined;
  readonly say: (line: string) => void;
  /** Aborted: everything that runs is killed, and so the fault ends with an error. */
  readonly signal?: AbortSignal;
};

/** Of what a gateway logged, when a fault could not be run to its end. */
const shownLines = 5;

/** Runs a fault, and ends and removes whatever it started and made. */
export const runFault = async ({ name, run }: Fault, { scale, directory, say, signal }: Run): Promise<FaultResult> => {
  const root = mkdtempSync(join(directory ?? tmpdir(), `postern-fault-${name}-`));
  const children = createChildren();
  const closers: (() => void | Promise<void>)[] = [];
  signal?.addEventListener("abort", children.killAll, { once: true });
  const gateways: Gateway[] = [];
  let directories = 0;
  const context: FaultContext = {
    scale,
    children,
    newDirectory: (own) => {
      directories += 1;
      const path = join(root, `${own}-${directories}`);
      mkdirSync(path);
      return path;
    },
    startGateway: async (wish = {}) => {
      const own = wish.directory ?? context.newDirectory("data");
      const gateway = await startGateway(children, { ...wish, directory: own });
      gateways.push(gateway);
      return gateway;
    },
    startLoad: (wish) => {
      const load = startLoad(wish);
      closers.push(load.stop);
      return load;
    },
    startReceiver: async (keptHeaders) => {
      const receiver = await startReceiver(keptHeaders);
      closers.push(receiver.close);
      return receiver;
    },
    onEnd: (close) => closers.push(close),
    say: (line) => say(`${name}: ${line}`),
  };
  try {
    return await run(context);
  } catch (error) {
    const logged = gateways.flatMap(({ log }) => log.slice(-shownLines));
    for (const line of logged) context.say(`a gateway logged ${line}`);
    throw error;
  } finally {
    signal?.removeEventListener("abort", children.killAll);
    children.killAll();
    await children.untilGone();
    for (const close of closers.toReversed()) await close();
    rmSync(root, { recursive: true, force: true, maxRetries: 3 });
  }
};
