import { markdownTable } from "../../harness/markdown.ts";
import { type Figure, isMet } from "./figure.ts";

const digitsOf = (value: number): number => {
  if (value >= 100) return 0;
  return value >= 10 ? 1 : 2;
};

const amount = (value: number, { unit }: Figure): string => {
  const digits = unit === "%" ? 0 : digitsOf(value);
  const text = value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return unit === "/s" ? `${text}/s` : `${text} ${unit}`.trim();
};

const spreadOf = (figure: Figure): string => {
  if (figure.rounds.length < 2) return "";
  return `${amount(Math.min(...figure.rounds), figure)} to ${amount(Math.max(...figure.rounds), figure)}`;
};

const barOf = (figure: Figure): string => {
  if (figure.bar === null) return "";
  const sign = figure.bar.kind === "at_least" ? "≥" : "<";
  return `${sign} ${figure.bar.bound.toLocaleString("en-US")} ${figure.unit}`;
};

const verdictOf = (figure: Figure): string => {
  const met = isMet(figure);
  if (met === null) return "";
  return met ? "met" : "missed";
};

const titles = ["", "measured", "value", "rounds", "bar", ""];

/** Shares first, since they alone can be compared between machines; then everything in the order of its part. */
const inOrder = (figures: readonly Figure[]): readonly Figure[] => [
  ...figures.filter(({ unit }) => unit === "%"),
  ...figures.filter(({ unit }) => unit !== "%").toSorted((a, b) => a.part.localeCompare(b.part)),
];

/** All figures as a Markdown table. */
export const tableOf = (figures: readonly Figure[]): string => {
  const rows = inOrder(figures).map((each) => [
    each.part,
    each.name,
    amount(each.value, each),
    spreadOf(each),
    barOf(each),
    verdictOf(each),
  ]);
  return markdownTable([titles, ...rows]);
};
