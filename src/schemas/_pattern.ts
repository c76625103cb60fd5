import type { Automaton } from "./_automaton.ts";
import type { PatternMemory } from "./_pattern-memory.ts";
import { createPlaces, matched, type Place, type Spend, tableSize } from "./_places.ts";

/** A pattern that takes time in proportion to the text, and tells how much. */
export type Pattern = {
  readonly source: string;
  /** Whether it matches somewhere in `text`. Once `run` gives no more work, the answer means nothing. */
  matches(text: string, run: { spend: Spend }): boolean;
};

/** Characters that are looked up in one table after the other in the time of a unit of work. */
const charsPerWork = 4;

/** Characters that are paid for at once. */
const charsPerPayment = 1024;

const workOf = (chars: number): number => 1 + Math.floor(chars / charsPerWork);

export const patternOf = (source: string, automaton: Automaton, memory: PatternMemory): Pattern => {
  const places = createPlaces(automaton, memory);

  const stepFrom = (place: Place, char: number, spend: Spend): Place | null => {
    const known = char < tableSize ? place.next[char] : undefined;
    if (known !== undefined) return known;
    const next = places.follow(place, char, spend);
    if (next !== null && char < tableSize) place.next[char] = next;
    return next;
  };

  const matchesAtEnd = (place: Place, spend: Spend): boolean => {
    if (place.matchesAtEnd !== null) return place.matchesAtEnd;
    const last = places.follow(place, null, spend);
    if (last === null) return false;
    place.matchesAtEnd = last === matched;
    return place.matchesAtEnd;
  };

  return {
    source,
    matches(text, run) {
      const spend: Spend = (work) => run.spend(work);
      let place = places.start();
      for (let at = 0; at < text.length; at += 1) {
        if (at % charsPerPayment === 0 && !spend(workOf(Math.min(text.length - at, charsPerPayment)))) return false;
        const char = text.codePointAt(at) ?? 0;
        const next = stepFrom(place, char, spend);
        if (next === null) return false;
        if (next === matched) return true;
        if (next.states.length === 0) return false;
        place = next;
        // Two of JavaScript's.
        if (char > 0xffff) at += 1;
      }
      return matchesAtEnd(place, spend);
    },
  };
};
