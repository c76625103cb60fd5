import { join } from "node:path";

import { startBare } from "../bare/server.ts";
import type { BenchSource } from "../gateway/client.ts";
import { type GatewayProcess, startGateway } from "../gateway/process.ts";
import type { Options, PartLetter } from "../options.ts";
import { atLeast, type Figure, medianFigure } from "../report/figure.ts";
import type { Bench } from "./bench.ts";
import { type Measured, measureAccepted, measureDelivered, type Throughput } from "./closed-loop.ts";
import type { FullStore } from "./full-store.ts";
import { measureRoads, type RoadPart } from "./roads.ts";
import { newSetting } from "./setting.ts";
import { lineOf, throughputFigures } from "./throughput-figures.ts";

type Part = "a" | "b" | "c" | "e" | "j" | RoadPart;

const measuredOf = (gateway: GatewayProcess, { path }: BenchSource): Measured => ({
  gateways: [gateway],
  targets: [{ port: gateway.port, path }],
});

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
    return await measureDelivered(bench, measuredOf(gateway, source));
  } finally {
    await gateway.stop();
  }
};

const measureDeliveryWhenFull = async (bench: Bench, { place, source }: FullStore): Promise<Throughput> => {
  const gateway = await startGateway(bench.children, { place, profileDirectory: bench.profileDirectory("e") });
  try {
    return await measureDelivered(bench, measuredOf(gateway, source));
  } finally {
    await gateway.stop();
  }
};

const names: Readonly<Record<Part, string>> = {
  a: "bare limit",
  b: "ingest",
  c: "ingest → delivered → recorded",
  e: "the same, store full",
  j: "ingest with dedup and schema",
  m: "delivered, with two filters",
  n: "delivered, with a transform",
};

const shares = [
  { part: "b", of: "a", least: { sqlite: 70, postgres: 50 } },
  { part: "c", of: "a", least: { sqlite: 35, postgres: 25 } },
  { part: "e", of: "c", least: { sqlite: 85, postgres: 85 } },
  { part: "j", of: "b", least: { sqlite: 50, postgres: 50 } },
  { part: "m", of: "c", least: { sqlite: 60, postgres: 60 } },
  // Nothing is asked of it: what an expression takes is its author's.
  { part: "n", of: "c", least: { sqlite: 0, postgres: 0 } },
] as const;

/** Shares are of the same round: what disturbs one disturbs both. */
const shareFigures = (engine: Options["engine"], rounds: Readonly<Record<Part, readonly Throughput[]>>): Figure[] =>
  shares
    .filter(({ part }) => rounds[part].length > 0)
    .map(({ part, of, least }) =>
      medianFigure(
        { part, name: `${names[part]}, of ${of}`, unit: "%", bar: atLeast(least[engine]) },
        rounds[part].map(({ perSecond }, round) => (perSecond / (rounds[of][round]?.perSecond ?? 0)) * 100),
      ),
    );

/** a, b, j, c, e, m and n, one after the other in each round. */
export const measureThroughput = async (bench: Bench, full: FullStore | null): Promise<readonly Figure[]> => {
  const { engine, parts, rounds } = bench.options;
  const results: Record<Part, Throughput[]> = { a: [], b: [], c: [], e: [], j: [], m: [], n: [] };
  const measure = async (part: Part): Promise<Throughput | null> => {
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
      case "m":
      case "n":
        return measureRoads(bench, part);
    }
  };
  const wanted = (["a", "b", "j", "c", "e", "m", "n"] as const).filter((part: PartLetter) => parts.has(part));
  for (let round = 1; round <= rounds; round += 1) {
    for (const part of wanted) {
      const result = await measure(part);
      if (result === null) continue;
      results[part].push(result);
      bench.say(`round ${round}, ${part}: ${lineOf(result)}`);
    }
  }
  return [
    ...shareFigures(engine, results),
    ...wanted.flatMap((part) => throughputFigures(part, names[part], results[part])),
  ];
};
