import { setTimeout as sleep } from "node:timers/promises";

import { getGlobalDispatcher, setGlobalDispatcher } from "undici";
import { afterAll } from "vitest";

import { releasePorts } from "../../harness/free-port.ts";
import { trackLeaks } from "./leak-tracker.ts";
import { changesSince, processState } from "./process-state.ts";

/** Closing takes turns of the event loop, and the other end's goodbye. More than this is a leak. */
const graceMs = 3_000;

const before = processState();
const dispatcher = getGlobalDispatcher();
const tracker = trackLeaks();

/** Unlike a fixed sleep: it looks again until all is gone, and only a leak takes the whole time. */
const untilGone = async (isLeft: (what: string) => boolean): Promise<void> => {
  for (let waitedMs = 0; tracker.alive().some(isLeft) && waitedMs < graceMs; waitedMs += 10) await sleep(10);
};

afterAll(async () => {
  // Ports are held by these until what used them is gone.
  await untilGone((what) => what !== "UDP socket");
  releasePorts();
  await untilGone(() => true);
  // Each gateway puts back the one it found, and several of one process stop in any order.
  setGlobalDispatcher(dispatcher);
  const leaked = tracker.alive();
  tracker.stop();
  if (leaked.length > 0) throw new Error(`the tests of this file left open: ${leaked.join(", ")}`);
  const changed = changesSince(before);
  if (changed.length > 0) throw new Error(`the tests of this file left otherwise than it was: ${changed.join(", ")}`);
}, graceMs * 3);
