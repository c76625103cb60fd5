import type { PartLetter } from "../options.ts";
import { below, type Figure, medianFigure } from "../report/figure.ts";
import type { Throughput } from "./closed-loop.ts";

/** Statements that an event may cost, when as many share each commit as come in. */
const statementsMax = 0.5;

const costs = [
  { name: "processor time per event", unit: "µs", of: ({ cpuUs }: Throughput) => cpuUs },
  { name: "of which event loop", unit: "µs", of: ({ mainCpuUs }: Throughput) => mainCpuUs },
  { name: "processor time of the database per event", unit: "µs", of: ({ storeCpuUs }: Throughput) => storeCpuUs },
  { name: "log of the database per event", unit: "KiB", of: ({ logBytes }: Throughput) => logBytes / 1024 },
  { name: "generator and sink beside it", unit: "µs", of: ({ benchCpuUs }: Throughput) => benchCpuUs },
  { name: "processors busy with other work", unit: "", of: ({ foreignProcessors }: Throughput) => foreignProcessors },
] as const;

/** How fast something was in each round, and at what cost. Costs that nothing was spent of are left out. */
export const throughputFigures = (part: PartLetter, name: string, rounds: readonly Throughput[]): readonly Figure[] => {
  const spent = costs.filter(({ of }) => rounds.some((round) => of(round) !== 0));
  const statements = rounds.map((round) => round.statements);
  return [
    medianFigure(
      { part, name, unit: "/s" },
      rounds.map(({ perSecond }) => perSecond),
    ),
    ...spent.map((cost) => medianFigure({ part, name: `${name}: ${cost.name}`, unit: cost.unit }, rounds.map(cost.of))),
    ...(statements.some((each) => each > 0)
      ? [medianFigure({ part, name: `${name}: statements per event`, unit: "", bar: below(statementsMax) }, statements)]
      : []),
  ];
};

/** The same of one round, for whoever waits. */
export const lineOf = (of: Throughput): string =>
  [
    `${Math.round(of.perSecond)}/s, ${Math.round(of.cpuUs)} µs of processor, event loop ${Math.round(of.mainCpuUs)} µs`,
    ...(of.storeCpuUs > 0
      ? [`database ${Math.round(of.storeCpuUs)} µs, ${(of.logBytes / 1024).toFixed(1)} KiB of log`]
      : []),
    ...(of.statements > 0 ? [`${of.statements.toFixed(2)} statements`] : []),
    `generator and sink ${Math.round(of.benchCpuUs)} µs`,
    `other work ${of.foreignProcessors.toFixed(2)} processors`,
  ].join("; ");
