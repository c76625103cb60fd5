import type { Automaton } from "./_automaton.ts";
import { isInSet, wordChars } from "./_char-set.ts";
import type { PatternMemory } from "./_pattern-memory.ts";
import type { Assertion } from "./_pattern-syntax.ts";

/** What stands beside a place in the text; before the first character, and only there, its edge. */
type Side = "edge" | "word" | "other";

/**
 * Where a text may have brought the machine: all of its states in which it can be at once, before what takes no character. One of
 * those is kept for each set that was met, with where characters lead from there, so that most of a text costs a look at a table.
 */
export type Place = {
  readonly states: readonly number[];
  readonly before: Side;
  /** By character, below `tableSize`. */
  readonly next: (Place | undefined)[];
  matchesAtEnd: boolean | null;
};

/** The text matched: nothing more is to be looked at. */
export const matched: Place = { states: [0], before: "edge", next: [], matchesAtEnd: true };

/** It ended, and did not match. */
export const ended: Place = { states: [], before: "edge", next: [], matchesAtEnd: false };

/** Places have a table for the characters below this one. */
export const tableSize = 128;

/** Finding out where one character leads to takes about this many units of work, and so many for each state. */
const workPerState = 5;
const workPerStep = 20;

/** Rounds are told apart by 32 bits. */
const roundMax = 2 ** 32 - 1;

/** Takes units of work. False when there are no more. */
export type Spend = (work: number) => boolean;

/** A machine on its way through texts. */
export type Places = {
  start(): Place;
  /** Where `char`, or the end of the text, leads from `place`; null when that would take too much. */
  follow(place: Place, char: number | null, spend: Spend): Place | null;
};

const holds = (what: Assertion, before: Side, after: Side): boolean => {
  switch (what) {
    case "start":
      return before === "edge";
    case "end":
      return after === "edge";
    case "wordEdge":
      return (before === "word") !== (after === "word");
    case "noWordEdge":
      return (before === "word") === (after === "word");
  }
};

const sideOf = (char: number): Side => (isInSet(wordChars, char) ? "word" : "other");

/** What is kept of places counts in `memory`, and is forgotten when that is full. */
export const createPlaces = ({ states, start, isAnchored, asksForWords }: Automaton, memory: PatternMemory): Places => {
  const places = new Map<string, Place>();
  memory.onFull(() => places.clear());
  const seen = new Uint32Array(states.length);
  let round = 0;

  const placeOf = (at: readonly number[], before: Side): Place => {
    const key = `${before}${at.join()}`;
    const known = places.get(key);
    if (known !== undefined) return known;
    memory.take(tableSize + 2 * at.length);
    const made: Place = { states: at, before, next: [], matchesAtEnd: null };
    places.set(key, made);
    return made;
  };

  const isNew = (at: number): boolean => {
    if (seen[at] === round) return false;
    seen[at] = round;
    return true;
  };

  const follow = (place: Place, char: number | null, spend: Spend): Place | null => {
    round = round === roundMax ? 1 : round + 1;
    if (round === 1) seen.fill(0);
    const after = char === null ? "edge" : sideOf(char);
    const waiting = [...place.states];
    const reached = new Set<number>(isAnchored ? [] : [start]);
    let visited = 0;
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const state = states[at];
      if (state === undefined || !isNew(at)) continue;
      visited += 1;
      if (state.kind === "match") return spend(workPerStep + visited * workPerState) ? matched : null;
      if (state.kind === "split") waiting.push(...state.next);
      else if (state.kind === "chars") {
        if (char !== null && isInSet(state.set, char)) reached.add(state.next);
      } else if (holds(state.what, place.before, after)) waiting.push(state.next);
    }
    if (!spend(workPerStep + visited * workPerState)) return null;
    if (char === null) return ended;
    return placeOf(
      [...reached].toSorted((a, b) => a - b),
      asksForWords ? after : "other",
    );
  };

  return { start: () => placeOf([start], "edge"), follow };
};
