import { markdownTable } from "../harness/markdown.ts";
import type { Fault, FaultResult, OwnFigure, Unit } from "./fault.ts";

/** A fault, and what came of it. `failure`: it could not be run to its end. */
export type Outcome = {
  readonly fault: Pick<Fault, "name" | "title">;
  readonly tookMs: number;
} & ({ readonly result: FaultResult } | { readonly failure: string });

const titles = [
  "fault",
  "acknowledged",
  "lost",
  "stuck",
  "duplicates",
  "under way",
  "longest gap",
  "restarts",
  "took",
  "",
] as const;

const digitsOf = (value: number): number => {
  if (Number.isInteger(value) || value >= 100) return 0;
  return value >= 10 ? 1 : 2;
};

const amount = (value: number, unit: Unit): string => {
  const digits = digitsOf(value);
  const text = value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return unit === "/s" ? `${text}/s` : `${text} ${unit}`.trim();
};

/** Whether nothing that was promised was broken. */
export const isKept = (outcome: Outcome): boolean => "result" in outcome && outcome.result.broken.length === 0;

const rowOf = (outcome: Outcome): readonly string[] => {
  const { fault, tookMs } = outcome;
  const took = amount(Math.round(tookMs / 1000), "s");
  if (!("result" in outcome)) return [fault.name, "", "", "", "", "", "", "", took, "failed"];
  const { account } = outcome.result;
  return [
    fault.name,
    amount(account.acknowledged, ""),
    amount(account.lost, ""),
    amount(account.stuck, ""),
    amount(account.duplicates, ""),
    amount(account.duplicatesMax, ""),
    amount(account.longestGapMs, "ms"),
    amount(account.restarts, ""),
    took,
    isKept(outcome) ? "kept" : "broken",
  ];
};

const ownRows = (outcome: Outcome): readonly (readonly string[])[] => {
  if (!("result" in outcome)) return [];
  return outcome.result.figures.map(({ name, value, unit }: OwnFigure) => [
    outcome.fault.name,
    name,
    amount(value, unit),
  ]);
};

const wrongs = (outcome: Outcome): readonly string[] => {
  const sentences = "result" in outcome ? outcome.result.broken : [outcome.failure];
  return sentences.map((sentence) => `${outcome.fault.name}: ${sentence}`);
};

/** What all faults came to, as Markdown: what each counts, what it alone measures, and what did not hold. */
export const reportOf = (outcomes: readonly Outcome[]): string => {
  const own = outcomes.flatMap(ownRows);
  const broken = outcomes.flatMap(wrongs);
  return [
    markdownTable([titles, ...outcomes.map(rowOf)]),
    ...(own.length === 0 ? [] : [markdownTable([["fault", "measured", "value"], ...own])]),
    ...(broken.length === 0 ? [] : [broken.join("\n")]),
  ].join("\n\n");
};
