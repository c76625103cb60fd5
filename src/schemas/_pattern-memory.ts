import { patternMemoryMax } from "./limits.ts";

/** What the patterns of one schema may remember, all together. */
export type PatternMemory = {
  /** Registers how a pattern forgets. */
  onFull(forget: () => void): void;
  /** Counts what is about to be remembered; when it is too much, all patterns forget first. */
  take(numbers: number): void;
};

export const createPatternMemory = (): PatternMemory => {
  const forgetAll: (() => void)[] = [];
  let used = 0;
  return {
    onFull: (forget) => void forgetAll.push(forget),
    take: (numbers) => {
      if (used + numbers > patternMemoryMax) {
        for (const forget of forgetAll) forget();
        used = 0;
      }
      used += numbers;
    },
  };
};
