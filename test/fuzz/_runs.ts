import { seed } from "../support/seed.ts";

/**
 * How much is tried. The suite runs the short form; the long one is
 * `FUZZ_RUNS=100 FUZZ_SEED=random npx vitest run test/fuzz`: a hundred times as much, of something new.
 */
const { FUZZ_RUNS = "1" } = process.env;

const factor = Number(FUZZ_RUNS);
if (!(factor > 0)) throw new Error("FUZZ_RUNS is a factor");

console.log(`fuzz: FUZZ_SEED=${seed} FUZZ_RUNS=${factor}`);

/** fast-check's own parameters for a property that is tried `short` times in the suite. */
export const tries = (short: number): { readonly numRuns: number; readonly endOnFailure: boolean } => ({
  numRuns: Math.ceil(short * factor),
  // What runs against one gateway is no smaller the second time: what was found is shown as it is.
  endOnFailure: true,
});

/** How long a test may take that takes a few seconds in the suite. */
export const time: { readonly timeout: number } = { timeout: 60_000 * Math.max(1, factor) };
