import type { CharSet } from "./_char-set.ts";
import type { Assertion, Term } from "./_pattern-syntax.ts";

/** One state of a pattern: what must come, and which states come next, by their places. */
export type State =
  | { readonly kind: "chars"; readonly set: CharSet; readonly next: number }
  | { readonly kind: "split"; readonly next: readonly number[] }
  | { readonly kind: "assertion"; readonly what: Assertion; readonly next: number }
  | { readonly kind: "match" };

/** A pattern as a machine with a limited number of states (Thompson, "Regular expression search algorithm", 1968). */
export type Automaton = {
  readonly states: readonly State[];
  readonly start: number;
  /** Whether it can only match from the start of a text. */
  readonly isAnchored: boolean;
  /** Whether it asks for edges of words. */
  readonly asksForWords: boolean;
};

const isAnchored = (term: Term): boolean => {
  switch (term.kind) {
    case "assertion":
      return term.what === "start";
    case "sequence":
      return term.terms.some((each) => isAnchored(each));
    case "choice":
      return term.terms.every((each) => isAnchored(each));
    case "repeat":
      return term.least > 0 && isAnchored(term.term);
    case "chars":
      return false;
  }
};

/** Adds the states of `term`, of which `next` comes last. Gives the place of the first, or null when there are too many. */
type Build = (term: Term, next: number) => number | null;

type Repeat = Term & { readonly kind: "repeat" };

/** As often as one likes. Gives where it begins, and where it begins when it must stand once at least. */
const circle = (states: State[], build: Build, { term }: Repeat, next: number): readonly [number, number] | null => {
  // Its place is known before what stands in it.
  const place = states.push({ kind: "split", next: [] }) - 1;
  const body = build(term, place);
  if (body === null) return null;
  states[place] = { kind: "split", next: [body, next] };
  return [place, body];
};

const repeat = (states: State[], build: Build, term: Repeat, next: number): number | null => {
  let first: number | null = next;
  let still = term.least;
  if (term.most === null) {
    const places = circle(states, build, term, next);
    if (places === null) return null;
    first = places[still > 0 ? 1 : 0];
    still -= 1;
  }
  for (let times = term.least; times < (term.most ?? 0) && first !== null; times += 1) {
    const body = build(term.term, first);
    first = body === null ? null : states.push({ kind: "split", next: [body, next] }) - 1;
  }
  for (; still > 0 && first !== null; still -= 1) first = build(term.term, first);
  return first;
};

/** What stands between groups adds no states, and is counted all the same: `((){1000}){1000}`. */
const buildsPerState = 10;

/** The machine of `term`, or null when it takes more than `statesMax` states. */
export const automatonOf = (term: Term, statesMax: number): Automaton | null => {
  const states: State[] = [{ kind: "match" }];
  let builds = 0;
  const build: Build = (part, next) => {
    builds += 1;
    if (states.length >= statesMax || builds > statesMax * buildsPerState) return null;
    switch (part.kind) {
      case "chars":
        return states.push({ kind: "chars", set: part.set, next }) - 1;
      case "assertion":
        return states.push({ kind: "assertion", what: part.what, next }) - 1;
      case "sequence":
        return part.terms.reduceRight<number | null>(
          (after, each) => (after === null ? null : build(each, after)),
          next,
        );
      case "choice": {
        const firsts = part.terms.map((each) => build(each, next)).filter((first) => first !== null);
        if (firsts.length < part.terms.length) return null;
        const [first] = firsts;
        return firsts.length === 1 && first !== undefined ? first : states.push({ kind: "split", next: firsts }) - 1;
      }
      case "repeat":
        return repeat(states, build, part, next);
    }
  };
  const start = build(term, 0);
  if (start === null || states.length > statesMax) return null;
  const asksForWords = states.some((state) => state.kind === "assertion" && state.what.endsWith("Edge"));
  return { states, start, isAnchored: isAnchored(term), asksForWords };
};
