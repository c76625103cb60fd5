import { median } from "../../harness/statistics.ts";
import type { PartLetter } from "../options.ts";

export type Unit = "/s" | "%" | "ms" | "MB" | "MiB" | "KiB" | "µs" | "";

/** What is asked of a figure. */
export type Bar = { readonly kind: "at_least" | "below"; readonly bound: number };

/** One thing that was measured. */
export type Figure = {
  readonly part: PartLetter;
  readonly name: string;
  readonly unit: Unit;
  readonly value: number;
  /** What each round gave; one value where there are no rounds. */
  readonly rounds: readonly number[];
  readonly bar: Bar | null;
};

type FigureOf = Pick<Figure, "part" | "name" | "unit"> & { readonly bar?: Bar };

/** A figure that stands for its rounds by their median. */
export const medianFigure = ({ bar, ...of }: FigureOf, rounds: readonly number[]): Figure => ({
  ...of,
  value: median(rounds),
  rounds,
  bar: bar ?? null,
});

/** A figure that was measured once. */
export const figure = (of: FigureOf, value: number): Figure => medianFigure(of, [value]);

export const atLeast = (bound: number): Bar => ({ kind: "at_least", bound });
export const below = (bound: number): Bar => ({ kind: "below", bound });

/** Whether a figure is as good as it should be. Null: nothing is asked of it. */
export const isMet = ({ bar, value }: Figure): boolean | null => {
  if (bar === null) return null;
  return bar.kind === "at_least" ? value >= bar.bound : value < bar.bound;
};
