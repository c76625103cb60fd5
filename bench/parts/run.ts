import type { PartLetter } from "../options.ts";
import type { Figure } from "../report/figure.ts";
import { measureBacklog } from "./backlog.ts";
import type { Bench } from "./bench.ts";
import { measureEndurance } from "./endurance.ts";
import { makeFullStore } from "./full-store.ts";
import { measureLatency } from "./latency.ts";
import { measureNodes } from "./nodes.ts";
import { measureQueries } from "./queries.ts";
import { measureRetention } from "./retention.ts";
import { measureStart } from "./start.ts";
import { measureThroughput } from "./throughput.ts";

const ofThroughput: readonly PartLetter[] = ["a", "b", "c", "e", "j", "m", "n"];
const ofFullStore: readonly PartLetter[] = ["e", "h", "i"];

/** Measures what was asked for. */
export const runParts = async (bench: Bench): Promise<readonly Figure[]> => {
  const { parts } = bench.options;
  const wants = (letters: readonly PartLetter[]): boolean => letters.some((letter) => parts.has(letter));
  const full = wants(ofFullStore) ? await makeFullStore(bench) : null;
  const figures: Figure[] = [];
  if (wants(ofThroughput)) figures.push(...(await measureThroughput(bench, full)));
  if (full !== null && parts.has("h")) figures.push(...(await measureQueries(bench, full)));
  if (full !== null && parts.has("i")) figures.push(...(await measureStart(bench, full)));
  if (parts.has("d")) figures.push(...(await measureLatency(bench)));
  if (parts.has("f")) figures.push(...(await measureBacklog(bench)));
  if (parts.has("g")) figures.push(...(await measureEndurance(bench)));
  if (parts.has("l")) figures.push(...(await measureNodes(bench)));
  if (parts.has("k")) figures.push(...(await measureRetention(bench)));
  // What this system does not tell is left out.
  return figures.filter(({ value }) => !Number.isNaN(value));
};
