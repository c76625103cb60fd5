import { z } from "zod";

import type { MadeSource } from "../../harness/client.ts";
import { http } from "../../harness/http.ts";
import { pause } from "../../harness/time.ts";
import type { Fault } from "../fault.ts";
import type { Gateway } from "../gateway.ts";
import { createPromises, keepAccount } from "../promises.ts";
import { openStand, type Stand } from "../stand.ts";
import { poisonMark } from "./poison-mark.ts";

/** Deaths that are charged to one event; whoever keeps the gateway running would start it again each time. */
const deathsMax = 3;

/** The first one may be charged to what was sent before it and is not recorded yet. */
const deathsMost = deathsMax + 1;

/** One more would be the crash loop. */
const startsMax = 8;

const preload = new URL("poison-preload.ts", import.meta.url).href;

/** Long enough for a poisoned delivery to be sent again, if it were. */
const quietMs = 800;
const ratePerSecond = 200;
const before = 50;

/** Events of the poisoned source, and which of them is the poison. The load never gets to their numbers. */
const poisoned = 9;
const poisonIndex = 4;
const firstNumber = 1_000_000;
const poisonedPath = "/poisoned";

/** Posts the events of the poisoned source while its lane waits for the first of them: all are accepted before one dies. */
const postPoisoned = async (
  { gateway, receiver }: Pick<Stand, "gateway" | "receiver">,
  source: MadeSource,
): Promise<number> => {
  const gate = Promise.withResolvers<void>();
  receiver.answerWith(async ({ path }) => {
    if (path === poisonedPath) await gate.promise;
    return 200;
  });
  let accepted = 0;
  for (let index = 0; index < poisoned; index += 1) {
    const body = JSON.stringify({ number: firstNumber + index, mark: index === poisonIndex ? poisonMark : null });
    const headers = { "content-type": "application/json" };
    const answer = await http(`${gateway.url}${source.path}`, { method: "POST", headers, body });
    if (answer.status === 200) accepted += 1;
  }
  gate.resolve();
  return accepted;
};

/** Starts it as often as it dies, as a supervisor does. Gives how often that was. */
const superviseUntilQuiet = async (gateway: Gateway, restart: () => Promise<unknown>): Promise<number> => {
  let deaths = 0;
  for (;;) {
    const { serve } = gateway;
    await Promise.race([serve.ended, pause(quietMs)]);
    if (serve.isRunning) return deaths;
    deaths += 1;
    if (deaths === startsMax) return deaths;
    // It may die before it is ready.
    await restart().catch(() => null);
  }
};

const page = z.object({
  data: z.array(z.object({ id: z.string(), status: z.string() })),
});
const detail = z.object({
  data: z.object({
    deliveries: z.array(
      z.object({ status: z.string(), attempts: z.array(z.object({ error: z.string().nullable() })) }),
    ),
  }),
});

const isOfDeaths = (error: string): boolean => error.includes(`stopped ${deathsMax} times while this was being sent`);

type Failed = { readonly count: number; readonly errors: readonly string[] };

/** Events of a source that failed, and why. */
const failedOf = async ({ client }: Gateway, { id }: MadeSource): Promise<Failed> => {
  const { data } = page.parse(await client.call("GET", `/sources/${id}/events?status=failed&per_page=100`));
  const pages = await Promise.all(
    data.map(async (event) =>
      detail.parse(await client.call("GET", `/sources/${id}/events/${event.id}?include=attempts`)),
    ),
  );
  const attempts = pages.flatMap((each) => each.data.deliveries.flatMap((delivery) => delivery.attempts));
  return { count: data.length, errors: attempts.flatMap(({ error }) => (error === null ? [] : [error])) };
};

const shown = z.object({ data: z.object({ enabled: z.boolean(), failure_count: z.int() }) });

/** The fault in a lane of that kind. */
export const poisonIn = (lane: Readonly<Record<string, unknown>>): Fault => ({
  name: "poison",
  title: "an event whose delivery kills the process, each time (started again each time)",
  run: async (context) => {
    const nodeArguments = ["--import", preload];
    const stand = await openStand(context, {
      gateway: { nodeArguments },
      load: { ratePerSecond },
      // Whatever dies three times beside the poison goes out a second later.
      destination: { retry_schedule: [1], max_concurrency: 4 },
    });
    const { gateway, load, receiver } = stand;
    const source = await gateway.client.makeSource({ name: "poisoned", require_signature: false });
    const fields = { url: `${receiver.url}${poisonedPath}`, retry_schedule: [], ...lane };
    const destinationId = await gateway.client.makeDestination(source, fields);
    await load.until(before);
    const accepted = await postPoisoned(stand, source);
    const deaths = await superviseUntilQuiet(gateway, async () => {
      await stand.kill();
      await stand.restart();
    });
    await load.until(load.acknowledged.length + before);
    const account = await stand.settle();

    const failed = await failedOf(gateway, source);
    const path = `/sources/${source.id}/destinations/${destinationId}`;
    const destination = shown.parse(await gateway.client.call("GET", path)).data;
    const missing = Array.from({ length: poisoned }, (_, index) => firstNumber + index).filter(
      (number) => number !== firstNumber + poisonIndex && !receiver.counts.has(number),
    );
    const promises = createPromises();
    keepAccount(promises, account);
    promises.keep(`${poisoned} events are accepted; ${accepted} were`, accepted === poisoned);
    promises.keep(
      `it takes at most ${deathsMost} deaths to see what is wrong; it took ${deaths}`,
      deaths <= deathsMost,
    );
    promises.keep(`one event fails; ${failed.count} did`, failed.count === 1);
    promises.keep(`it says why; it says: ${failed.errors.join(", ")}`, failed.errors.every(isOfDeaths));
    promises.keep("the poison is never received", !receiver.counts.has(firstNumber + poisonIndex));
    promises.keep(`all others of its lane are delivered; ${missing.length} were not`, missing.length === 0);
    promises.keep(
      `nothing is charged to the destination; it has ${destination.failure_count}`,
      destination.enabled && destination.failure_count === 0,
    );
    return { account, figures: [{ name: "deaths", value: deaths, unit: "" }], broken: promises.broken };
  },
});

/** An event that kills the process whenever it is sent: it ends as failed, and everything else goes on. */
export const poisonFault: Fault = poisonIn({ max_concurrency: 4 });
