import { countOf } from "./_count.ts";
import type { Keyword } from "./_site.ts";

/** A character outside the first 65,536 is two of JavaScript's. */
const charsOf = (text: string): number => {
  let chars = text.length;
  for (let at = 0; at < text.length; at += 1) {
    if ((text.codePointAt(at) ?? 0) < 0x10000) continue;
    chars -= 1;
    at += 1;
  }
  return chars;
};

/** Characters that are counted in one unit of work. */
const charsPerWork = 16;

const work = (text: string): number => Math.ceil(text.length / charsPerWork);

export const minLengthKeyword: Keyword = (site) => {
  const limit = countOf(site);
  if (limit === null) return null;
  const message = `must have at least ${limit} characters`;
  return (given, run) => {
    // Two units per character at most: so long a text is long enough.
    if (typeof given !== "string" || given.length >= 2 * limit) return true;
    return (given.length >= limit && run.spend(work(given)) && charsOf(given) >= limit) || run.fail(message);
  };
};

export const maxLengthKeyword: Keyword = (site) => {
  const limit = countOf(site);
  if (limit === null) return null;
  const message = `must have at most ${limit} characters`;
  return (given, run) => {
    if (typeof given !== "string" || given.length <= limit) return true;
    return (given.length <= 2 * limit && run.spend(work(given)) && charsOf(given) <= limit) || run.fail(message);
  };
};

export const patternKeyword: Keyword = (site) => {
  const pattern = site.patternOf(site.value);
  if (pattern === null) return null;
  const message = `must match the pattern ${pattern.source}`;
  return (given, run) => typeof given !== "string" || pattern.matches(given, run) || run.fail(message);
};
