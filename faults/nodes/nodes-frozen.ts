import { pause } from "../../harness/time.ts";
import type { Fault } from "../fault.ts";
import { createPromises, keepAccount } from "../promises.ts";
import { countOvertaken } from "./order.ts";
import { openNodes } from "./stand.ts";

const before = 100;
/** Longer than a node is believed to be alive, and than the wait for what it may have under way. */
const frozenMs = { short: 19_000, long: 60_000 } as const;
const answerMs = 10;

/** A node that does not run for so long that the others give it up, and then goes on as if nothing had been. */
export const nodesFrozenFault: Fault = {
  name: "nodes-frozen",
  title: "SIGSTOP of the node that sends in order until others have taken over, then SIGCONT",
  run: async (context) => {
    const stand = await openNodes(context, {
      nodes: 2,
      startOf: () => ({ environment: { DELIVERY_TIMEOUT_SECONDS: "2" } }),
      destination: { ordered: true },
    });
    let underWay = 0;
    let together = 0;
    stand.receiver.answerWith(async () => {
      underWay += 1;
      together = Math.max(together, underWay);
      await pause(answerMs);
      underWay -= 1;
      return 200;
    });
    const owner = await stand.owner();
    // One connection: what is sent in order is answered in order.
    const load = stand.load(await stand.other(), { connections: 1, ratePerSecond: 30 });
    await load.until(before);
    stand.strike();
    owner.freeze();
    const frozenAtMs = performance.now();
    await pause(frozenMs[context.scale]);
    const meanwhile = stand.receiver.arrivals.filter(({ atMs }) => atMs > frozenAtMs + 500).length;
    owner.thaw();
    await pause(2_000);
    const account = { ...(await stand.settle()), duplicatesMax: 1 };
    const promises = createPromises();
    keepAccount(promises, account);
    promises.keep("another node sends while it is frozen", meanwhile > 0);
    promises.keep(`nothing is sent twice at once; there were ${together}`, together === 1);
    const passed = countOvertaken(stand.receiver.arrivals);
    promises.keep(`the order holds; ${passed} were overtaken`, passed === 0);
    promises.keep("it is alive", owner.serve.isRunning);
    return {
      account,
      figures: [{ name: "sent by another node meanwhile", value: meanwhile, unit: "" }],
      broken: promises.broken,
    };
  },
};
