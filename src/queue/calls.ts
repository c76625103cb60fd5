import type { Cluster } from "../db/cluster.ts";
import type { Clock } from "../lib/clock.ts";
import { type Id, isId } from "../lib/ids.ts";

/** The server takes calls one after the other, over all processes: each process makes 20 a second at most. */
const callEveryMs = 50;

/** Ids in one call: 37 bytes each. */
const idsMax = 200;

/** Ids that wait to be called. What is not called is found a second later. */
const waitingMax = 4_000;

/** Where owners hear that something of theirs is due. */
export const dueChannel = "postern_due";

/** The ids in a call. */
export const idsOf = (payload: string): readonly Id[] => payload.split(",").filter(isId);

/** Tells owners of what falls due, and all of what was cancelled, together and not too often. */
export type Calls = { call(id: Id): void; stop(): void };

/** A call that fails is not made again: owners look for themselves, too. */
export const createCalls = ({ notify }: Pick<Cluster, "notify">, clock: Pick<Clock, "after">): Calls => {
  const waiting = new Set<Id>();
  const state = { isResting: false, isStopped: false };
  const flush = async (): Promise<void> => {
    const ids = [...waiting].slice(0, idsMax);
    for (const id of ids) waiting.delete(id);
    await notify(dueChannel, ids.join(",")).catch(() => null);
  };
  const rest = (): void => {
    state.isResting = false;
    if (waiting.size > 0) begin();
  };
  const begin = (): void => {
    if (state.isResting || state.isStopped) return;
    state.isResting = true;
    void flush().then(() => clock.after(callEveryMs, rest));
  };
  return {
    call: (id) => {
      if (waiting.size < waitingMax) waiting.add(id);
      begin();
    },
    stop: () => {
      state.isStopped = true;
    },
  };
};
