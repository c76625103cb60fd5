import { type CharSet, charSet, notLineEnds } from "./_char-set.ts";
import { readClass, readEscape, type Reading } from "./_pattern-class.ts";
import { patternDepthMax } from "./limits.ts";

/** What a pattern is made of. Groups leave no trace: it only matters whether the whole matches. */
export type Term =
  | { readonly kind: "chars"; readonly set: CharSet }
  | { readonly kind: "sequence"; readonly terms: readonly Term[] }
  | { readonly kind: "choice"; readonly terms: readonly Term[] }
  | { readonly kind: "repeat"; readonly term: Term; readonly least: number; readonly most: number | null }
  | { readonly kind: "assertion"; readonly what: Assertion };

/** `^`, `$`, `\b`, `\B`. */
export type Assertion = "start" | "end" | "wordEdge" | "noWordEdge";

export type ReadPattern =
  | { readonly kind: "pattern"; readonly term: Term }
  | { readonly kind: "refused"; readonly message: string };

const literal = (char: string): Term => ({
  kind: "chars",
  set: charSet([[char.codePointAt(0) ?? 0, char.codePointAt(0) ?? 0]]),
});

const needsMemory = "must do without looking ahead, looking behind and referring back";

/** What follows `(` of a group, longest first. The last one catches a group's name. */
const groupStart = /^\((?:\?:|\?<[^=!>][^>]*>|(?!\?))/u;

const counts = /^\{(\d+)(,(\d*))?\}/;

const readGroup = (reading: Reading, depth: number): Term | null => {
  const [start] = groupStart.exec(reading.rest()) ?? [];
  if (start === undefined) return reading.refuse(needsMemory);
  if (depth >= patternDepthMax) {
    return reading.refuse(`must not have more than ${patternDepthMax} groups inside each other`);
  }
  reading.skip(start.length);
  const term = readChoice(reading, depth + 1);
  // The closing bracket.
  reading.skip(1);
  return term;
};

const assertions: ReadonlyMap<string, Assertion> = new Map([
  ["^", "start"],
  ["$", "end"],
  ["\\b", "wordEdge"],
  ["\\B", "noWordEdge"],
]);

const readAssertion = (reading: Reading): Term | null => {
  for (const [text, what] of assertions) {
    if (!reading.rest().startsWith(text)) continue;
    reading.skip(text.length);
    return { kind: "assertion", what };
  }
  return null;
};

const readAtom = (reading: Reading, depth: number): Term | null => {
  const assertion = readAssertion(reading);
  if (assertion !== null) return assertion;
  const char = reading.peek();
  if (char === "(") return readGroup(reading, depth);
  if (char === "\\" && /^\\(?:[1-9]|k<)/.test(reading.rest())) return reading.refuse(needsMemory);
  if (char === "\\") return { kind: "chars", set: readEscape(reading) };
  if (char === "[") return { kind: "chars", set: readClass(reading) };
  reading.skip(char.length);
  return char === "." ? { kind: "chars", set: notLineEnds } : literal(char);
};

/** How often the term before may stand: `*`, `+`, `?`, `{2}`, `{2,}`, `{2,5}`. */
const readTimes = (reading: Reading): readonly [least: number, most: number | null] | null => {
  const char = reading.peek();
  const [whole, least = "", comma, most = ""] = counts.exec(reading.rest()) ?? [];
  if (whole !== undefined) {
    reading.skip(whole.length);
    if (comma === undefined) return [Number(least), Number(least)];
    return [Number(least), most === "" ? null : Number(most)];
  }
  if (char !== "*" && char !== "+" && char !== "?") return null;
  reading.skip(1);
  return [char === "+" ? 1 : 0, char === "?" ? 1 : null];
};

const readSequence = (reading: Reading, depth: number): Term => {
  const terms: Term[] = [];
  while (!reading.isRefused() && reading.peek() !== "" && reading.peek() !== "|" && reading.peek() !== ")") {
    const term = readAtom(reading, depth);
    if (term === null) break;
    const times = readTimes(reading);
    // Whether as few or as many as possible are taken changes nothing about whether it matches.
    if (times !== null && reading.peek() === "?") reading.skip(1);
    terms.push(times === null ? term : { kind: "repeat", term, least: times[0], most: times[1] });
  }
  return { kind: "sequence", terms };
};

const readChoice = (reading: Reading, depth: number): Term => {
  const terms = [readSequence(reading, depth)];
  while (!reading.isRefused() && reading.peek() === "|") {
    reading.skip(1);
    terms.push(readSequence(reading, depth));
  }
  return { kind: "choice", terms };
};

/** The flag that ECMAScript takes `source` with: patterns are for `u`, and many were written without it. */
const flagOf = (source: string): "u" | "" | null => {
  for (const flag of ["u", ""] as const) {
    try {
      // Compiled to see that it can be, and never run.
      void new RegExp(source, flag);
      return flag;
    } catch {
      continue;
    }
  }
  return null;
};

/** Reads an ECMAScript pattern. Not taken: what no machine with finite memory can match in one pass. */
export const readPattern = (source: string): ReadPattern => {
  const flag = flagOf(source);
  if (flag === null) return { kind: "refused", message: "must be a regular expression" };
  let at = 0;
  let refusal: string | null = null;
  const term = readChoice(
    {
      isUnicode: flag === "u",
      peek: () => (at < source.length ? String.fromCodePoint(source.codePointAt(at) ?? 0) : ""),
      rest: () => source.slice(at),
      skip: (count) => void (at += count),
      refuse: (message) => {
        refusal ??= message;
        return null;
      },
      isRefused: () => refusal !== null,
    },
    0,
  );
  return refusal === null ? { kind: "pattern", term } : { kind: "refused", message: refusal };
};
