import fc from "fast-check";

/**
 * From which seed properties are tried. The suite tries the same each time, so that what fails fails again;
 * `FUZZ_SEED=random` tries something new, and a failure says from which seed.
 */
const { FUZZ_SEED = "20260426" } = process.env;

export const seed: number = FUZZ_SEED === "random" ? Math.floor(Math.random() * 2 ** 31) : Number(FUZZ_SEED);
if (!Number.isInteger(seed)) throw new Error("FUZZ_SEED is an integer or `random`");

fc.configureGlobal({ seed });
