import { z } from "zod";

import { quantile } from "../../harness/statistics.ts";
import { createClient, type Client } from "../gateway/client.ts";
import { startGateway } from "../gateway/process.ts";
import { below, type Figure, figure } from "../report/figure.ts";
import { rareType } from "../store/fate.ts";
import type { Bench } from "./bench.ts";
import type { FullStore } from "./full-store.ts";

const callsCount = 50;
const warmCalls = 3;
const listMsMax = 50;
const searchMsMax = 500;

const page = z.object({ data: z.array(z.object({ id: z.string() })) });

type Query = { readonly name: string; readonly msMax: number; readonly paths: readonly string[] };

const dayMs = 24 * 3_600_000;
const isoDaysAgo = (days: number): string => new Date(Date.now() - days * dayMs).toISOString();

/** What people look for. A filter of a rare type and a text that is nowhere are the worst that they can ask. */
const queriesOf = (events: string, ids: readonly string[]): readonly Query[] => [
  {
    name: "list",
    msMax: listMsMax,
    paths: ["", "?per_page=100", "?page=7", "?page=90&per_page=100", `?cursor=${ids.at(-1)}`].map(
      (query) => `${events}${query}`,
    ),
  },
  {
    name: "filter",
    msMax: listMsMax,
    paths: [
      "?status=failed",
      "?event_type=pull_request",
      "?signature_valid=false",
      `?status=succeeded&from=${isoDaysAgo(3)}&to=${isoDaysAgo(2)}`,
      `?event_type=push&status=failed&to=${isoDaysAgo(1)}`,
    ].map((query) => `${events}${query}`),
  },
  { name: "filter, rare type", msMax: listMsMax, paths: [`${events}?event_type=${rareType}`] },
  { name: "event page", msMax: listMsMax, paths: ids.map((id) => `${events}/${id}?include=payload,attempts`) },
  {
    name: "search, text that is nowhere",
    msMax: searchMsMax,
    paths: [`${events}?q=no-such-text`, `${events}?q=no-such-text&event_type=push`],
  },
];

const time = async (client: Client, paths: readonly string[]): Promise<readonly number[]> => {
  const timesMs: number[] = [];
  for (let call = -warmCalls; call < callsCount; call += 1) {
    const path = paths[(call + warmCalls) % paths.length] ?? "";
    const startedMs = performance.now();
    await client.get(path);
    if (call >= 0) timesMs.push(performance.now() - startedMs);
  }
  return timesMs;
};

/** h: one call after the other, through the API, on a gateway that does nothing else. */
export const measureQueries = async (bench: Bench, full: FullStore): Promise<readonly Figure[]> => {
  const gateway = await startGateway(bench.children, {
    place: full.place,
    profileDirectory: bench.profileDirectory("h"),
  });
  try {
    const client = createClient(gateway.url, full.key);
    const events = `/sources/${full.source.id}/events`;
    const ids = page.parse(await client.get(`${events}?per_page=100&page=50`)).data.map(({ id }) => id);
    const figures: Figure[] = [];
    for (const { name, msMax, paths } of queriesOf(events, ids)) {
      const timesMs = await time(client, paths);
      bench.say(
        `h, ${name}: p50 ${quantile(timesMs, 0.5).toFixed(1)} ms, p99 ${quantile(timesMs, 0.99).toFixed(1)} ms`,
      );
      figures.push(figure({ part: "h", name: `${name}, p50`, unit: "ms" }, quantile(timesMs, 0.5)));
      figures.push(figure({ part: "h", name: `${name}, p99`, unit: "ms", bar: below(msMax) }, quantile(timesMs, 0.99)));
    }
    return figures;
  } finally {
    await gateway.stop();
  }
};
