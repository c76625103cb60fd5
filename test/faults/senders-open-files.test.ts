import { setTimeout as pause } from "node:timers/promises";

import { expect, test } from "vitest";

import { runFault } from "../../faults/context.ts";
import { startAbusers } from "../../faults/network/abuse/abusers.ts";
import { attemptsOf } from "../../faults/network/attempts.ts";
import { openStand } from "../../faults/stand.ts";
import { startReceiver } from "../support/receiver.ts";

test("a flood of connections takes no open file that a delivery needs", { timeout: 120_000 }, async () => {
  await runFault(
    {
      name: "open-files",
      title: "more connections than the process may have open files",
      run: async (context) => {
        const wrapper = ["bash", "-c", 'ulimit -n 400; exec "$@"', "sh"];
        const stand = await openStand(context, { gateway: { wrapper }, load: { ratePerSecond: 50 } });
        const receiver = await startReceiver({ headers: { connection: "close" } });
        context.onEnd(receiver.close);
        const destinationId = await stand.gateway.client.makeDestination(stand.source, { url: receiver.url });
        await stand.load.until(50);
        stand.strike();
        const { port } = stand.gateway;
        await startAbusers(context.children, {
          port,
          path: stand.source.path,
          wishes: [{ abuse: "says nothing", count: 800 }],
        });
        await pause(2_000);
        const attempts = attemptsOf(stand.gateway.directory, destinationId);
        expect(attempts.filter(({ code }) => code !== null)).toEqual([]);
        const account = await stand.settle();
        expect(account).toMatchObject({ lost: 0, stuck: 0 });
        return { account, figures: [], broken: [] };
      },
    },
    { scale: "short", say: () => undefined },
  );
});
