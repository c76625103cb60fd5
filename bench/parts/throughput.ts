import { join } from "node:path";

import { startBare } from "../bare/server.ts";
import { startGateway } from "../gateway/process.ts";
import type { PartLetter } from "../options.ts";
import { atLeast, type Figure, medianFigure } from "../report/figure.ts";
import { type RoadSettings, setRoads } from "../store/roads.ts";
import type { Bench } from "./bench.ts";
import { measureAccepted, measureDelivered, type Throughput } from "./closed-loop.ts";
import type { FullStore } from "./full-store.ts";
import { newSetting } from "./setting.ts";

type Measured = "a" | "b" | "c" | "e" | "j" | Road;

const measureBare = async (bench: Bench): Promise<Throughput> => {
  const server = await startBare(bench.children, join(bench.newDirectory("a"), "journal"));
  try {
    return await measureAccepted(bench, { pid: server.pid, port: server.port, path: "/in/bare" });
  } finally {
    await server.stop();
  }
};

const measureIngest = async (bench: Bench): Promise<Throughput> => {
  const { gateway, source } = await newSetting(bench, "b", { delivers: false });
  try {
    return await measureAccepted(bench, { ...gateway, path: source.path });
  } finally {
    await gateway.stop();
  }
};

const measureRuledIngest = async (bench: Bench): Promise<Throughput> => {
  const { gateway, source } = await newSetting(bench, "j", { delivers: false, ruled: true });
  try {
    return await measureAccepted(bench, { ...gateway, path: source.path });
  } finally {
    await gateway.stop();
  }
};

const measureDelivery = async (bench: Bench): Promise<Throughput> => {
  const { gateway, source } = await newSetting(bench, "c", { delivers: true });
  try {
    return await measureDelivered(bench, { ...gateway, path: source.path });
  } finally {
    await gateway.stop();
  }
};

const measureDeliveryWhenFull = async (bench: Bench, { directory, source }: FullStore): Promise<Throughput> => {
  const gateway = await startGateway(bench.children, { directory, profileDirectory: bench.profileDirectory("e") });
  try {
    return await measureDelivered(bench, { ...gateway, path: source.path });
  } finally {
    await gateway.stop();
  }
};

type Road = "k" | "l";

const isPush = { field: "headers.x-github-event", op: "eq", value: "push" };
const isMain = { field: "payload.ref", op: "eq", value: "refs/heads/main" };

/** Every event passes one of two filters; and a transform that makes a small object of a body of 1 KB. */
const roads: Readonly<Record<Road, readonly RoadSettings[]>> = {
  k: [{ filterRules: [isMain, isPush] }, { filterRules: [isMain, { ...isPush, op: "neq" }] }],
  l: [
    {
      transform: '{ "ref": ref, "repository": repository.full_name, "commits": $count(commits), "type": $event.type }',
    },
  ],
};

const measureRoads = async (bench: Bench, part: Road): Promise<Throughput> => {
  const { gateway: before, source } = await newSetting(bench, part, { delivers: true });
  await before.stop();
  setRoads(before.directory, roads[part]);
  const { directory } = before;
  const gateway = await startGateway(bench.children, { directory, profileDirectory: bench.profileDirectory(part) });
  try {
    return await measureDelivered(bench, { ...gateway, path: source.path });
  } finally {
    await gateway.stop();
  }
};

const names: Readonly<Record<Measured, string>> = {
  a: "bare limit",
  b: "ingest",
  c: "ingest → delivered → recorded",
  e: "the same, store full",
  j: "ingest with dedup and schema",
  k: "delivered, with two filters",
  l: "delivered, with a transform",
};

const shares = [
  { part: "b", of: "a", least: 70 },
  { part: "c", of: "a", least: 35 },
  { part: "e", of: "c", least: 85 },
  { part: "j", of: "b", least: 50 },
  { part: "k", of: "c", least: 60 },
  { part: "l", of: "c", least: null },
] as const;

/** Shares are of the same round: what disturbs one disturbs both. */
const shareFigures = (rounds: Readonly<Record<Measured, readonly Throughput[]>>): Figure[] =>
  shares
    .filter(({ part }) => rounds[part].length > 0)
    .map(({ part, of, least }) =>
      medianFigure(
        {
          part,
          name: `${names[part]}, of ${of}`,
          unit: "%",
          ...(least === null ? {} : { bar: atLeast(least) }),
        },
        rounds[part].map(({ perSecond }, round) => (perSecond / (rounds[of][round]?.perSecond ?? 0)) * 100),
      ),
    );

const costs = [
  { name: "processor time per event", unit: "µs", of: ({ cpuUs }: Throughput) => cpuUs },
  { name: "of which event loop", unit: "µs", of: ({ mainCpuUs }: Throughput) => mainCpuUs },
  { name: "generator and sink beside it", unit: "µs", of: ({ benchCpuUs }: Throughput) => benchCpuUs },
  { name: "processors busy with other work", unit: "", of: ({ foreignProcessors }: Throughput) => foreignProcessors },
] as const;

const plainFigures = (part: Measured, rounds: readonly Throughput[]): Figure[] =>
  rounds.length === 0
    ? []
    : [
        medianFigure(
          { part, name: names[part], unit: "/s" },
          rounds.map(({ perSecond }) => perSecond),
        ),
        ...costs.map(({ name, unit, of }) =>
          medianFigure({ part, name: `${names[part]}: ${name}`, unit }, rounds.map(of)),
        ),
      ];

const lineOf = (part: Measured, round: number, of: Throughput): string =>
  `round ${round}, ${part}: ${Math.round(of.perSecond)}/s, ${Math.round(of.cpuUs)} µs of processor, event loop ` +
  `${Math.round(of.mainCpuUs)} µs; generator and sink ${Math.round(of.benchCpuUs)} µs; ` +
  `other work ${of.foreignProcessors.toFixed(2)} processors`;

/** a, b, j, c, e, k and l, one after the other in each round. */
export const measureThroughput = async (bench: Bench, full: FullStore | null): Promise<readonly Figure[]> => {
  const { parts, rounds } = bench.options;
  const results: Record<Measured, Throughput[]> = { a: [], b: [], c: [], e: [], j: [], k: [], l: [] };
  const measure = async (part: Measured): Promise<Throughput | null> => {
    switch (part) {
      case "a":
        return measureBare(bench);
      case "b":
        return measureIngest(bench);
      case "c":
        return measureDelivery(bench);
      case "e":
        return full === null ? null : measureDeliveryWhenFull(bench, full);
      case "j":
        return measureRuledIngest(bench);
      case "k":
      case "l":
        return measureRoads(bench, part);
    }
  };
  const wanted = (["a", "b", "j", "c", "e", "k", "l"] as const).filter((part: PartLetter) => parts.has(part));
  for (let round = 1; round <= rounds; round += 1) {
    for (const part of wanted) {
      const result = await measure(part);
      if (result === null) continue;
      results[part].push(result);
      bench.say(lineOf(part, round, result));
    }
  }
  return [...shareFigures(results), ...wanted.flatMap((part) => plainFigures(part, results[part]))];
};
