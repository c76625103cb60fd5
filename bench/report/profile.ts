import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { z } from "zod";

const profile = z.object({
  nodes: z.array(
    z.object({
      id: z.int(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.int() }),
    }),
  ),
  samples: z.array(z.int()),
  timeDeltas: z.array(z.int()),
});

type Profile = z.output<typeof profile>;
type Share = { readonly name: string; readonly percent: number };

const shownMax = 25;

/** Below it a thread slept. */
const busySecondsMin = 0.2;

const placeOf = ({ functionName, url, lineNumber }: Profile["nodes"][number]["callFrame"]): string => {
  const file = url.split("/").slice(-3).join("/");
  return `${functionName === "" ? "(anonymous)" : functionName}${file === "" ? "" : ` ${file}:${lineNumber + 1}`}`;
};

/** The functions that took the most time themselves, as shares of the time in which the thread was not idle. */
const selfTimes = ({ nodes, samples, timeDeltas }: Profile): { busySeconds: number; shares: readonly Share[] } => {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const byPlace = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const place = places.get(id) ?? "?";
    byPlace.set(place, (byPlace.get(place) ?? 0) + (timeDeltas[index] ?? 0));
  }
  byPlace.delete("(idle)");
  const busyUs = [...byPlace.values()].reduce((sum, us) => sum + us, 0);
  const shares = [...byPlace].map(([name, us]) => ({ name, percent: (us / busyUs) * 100 }));
  return { busySeconds: busyUs / 1e6, shares: shares.toSorted((a, b) => b.percent - a.percent).slice(0, shownMax) };
};

/** A thread by what it runs. */
const threadOf = ({ nodes }: Profile): string => {
  const runs = (name: string): boolean => nodes.some(({ callFrame }) => callFrame.functionName === name);
  if (nodes.some(({ callFrame }) => callFrame.url.endsWith("/src/main.ts"))) return "main thread";
  if (runs("batch")) return "writer thread";
  return runs("checkpoint") ? "checkpoint thread" : "reader thread";
};

const linesOf = (path: string): readonly string[] => {
  const read = profile.parse(JSON.parse(readFileSync(path, "utf8")));
  const { busySeconds, shares } = selfTimes(read);
  if (busySeconds < busySecondsMin) return [];
  return [
    `${basename(dirname(path))}, ${threadOf(read)}, busy for ${busySeconds.toFixed(1)} s (${basename(path)}):`,
    ...shares.map(({ name, percent }) => `  ${percent.toFixed(1).padStart(5)} %  ${name}`),
  ];
};

/** What the profiles in a directory say, thread by thread. */
export const profileSummary = (directory: string): string =>
  globSync(join(directory, "*", "*.cpuprofile"))
    .toSorted()
    .flatMap(linesOf)
    .join("\n");
