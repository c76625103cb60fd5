/**
 * How much is tried, and from which seed. The suite runs the short form, the same each time; the long one is
 * `FUZZ_RUNS=100 FUZZ_SEED=random npx vitest run test/fuzz`: a hundred times as much, of something new.
 */
const { FUZZ_RUNS = "1", FUZZ_SEED = "20260426" } = process.env;

const factor = Number(FUZZ_RUNS);
const seed = FUZZ_SEED === "random" ? Math.floor(Math.random() * 2 ** 31) : Number(FUZZ_SEED);
if (!(factor > 0) || !Number.isInteger(seed)) {
  throw new Error("FUZZ_RUNS is a factor, FUZZ_SEED an integer or `random`");
}

console.log(`fuzz: FUZZ_SEED=${seed} FUZZ_RUNS=${factor}`);

/** fast-check's own parameters for a property that is tried `short` times in the suite. */
export const tries = (
  short: number,
): { readonly numRuns: number; readonly seed: number; readonly endOnFailure: boolean } => ({
  numRuns: Math.ceil(short * factor),
  seed,
  // What runs against one gateway is no smaller the second time: what was found is shown as it is.
  endOnFailure: true,
});

/** How long a test may take that takes a few seconds in the suite. */
export const time: { readonly timeout: number } = { timeout: 60_000 * Math.max(1, factor) };
