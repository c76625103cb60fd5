import { automatonOf } from "./_automaton.ts";
import { createPatternMemory } from "./_pattern-memory.ts";
import { readPattern } from "./_pattern-syntax.ts";
import { type Pattern, patternOf } from "./_pattern.ts";
import { allPatternStatesMax, patternCharsMax, patternStatesMax } from "./limits.ts";

export type MadePattern =
  | { readonly kind: "pattern"; readonly pattern: Pattern }
  | { readonly kind: "refused"; readonly message: string };

const refused = (message: string): MadePattern => ({ kind: "refused", message });

/** Makes the patterns of one schema, each once. */
export const createPatterns = (): ((source: unknown) => MadePattern) => {
  const made = new Map<string, MadePattern>();
  const memory = createPatternMemory();
  let statesLeft = allPatternStatesMax;

  const make = (source: string): MadePattern => {
    if (source.length > patternCharsMax) return refused(`must have at most ${patternCharsMax} characters`);
    const read = readPattern(source);
    if (read.kind === "refused") return refused(`${read.message}: ${source}`);
    const automaton = automatonOf(read.term, Math.min(patternStatesMax, statesLeft));
    if (automaton === null) {
      return refused(
        `must be simpler: a pattern may have ${patternStatesMax} states, all together ${allPatternStatesMax}: ${source}`,
      );
    }
    statesLeft -= automaton.states.length;
    return { kind: "pattern", pattern: patternOf(source, automaton, memory) };
  };

  return (source) => {
    if (typeof source !== "string") return refused("must be a regular expression");
    const pattern = made.get(source) ?? make(source);
    made.set(source, pattern);
    return pattern;
  };
};
