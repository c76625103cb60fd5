import { isMultipleOf } from "./_decimal.ts";
import { memberOf } from "./_json.ts";
import type { Keyword } from "./_site.ts";

/** Dividing numbers of three hundred digits takes about this many units of work. */
const divisionWork = 200;

const bound =
  (words: string, holds: (given: number, limit: number) => boolean): Keyword =>
  ({ value, refuse }) => {
    if (typeof value !== "number") return refuse("must be a number");
    const message = `must be ${words} ${value}`;
    return (given, run) => typeof given !== "number" || holds(given, value) || run.fail(message);
  };

export const minimumKeyword: Keyword = bound("at least", (given, limit) => given >= limit);
export const maximumKeyword: Keyword = bound("at most", (given, limit) => given <= limit);
export const exclusiveMinimumKeyword: Keyword = bound("more than", (given, limit) => given > limit);
export const exclusiveMaximumKeyword: Keyword = bound("less than", (given, limit) => given < limit);

/** Draft 4: `exclusiveMinimum: true` says how `minimum` is meant. */
const boundOfDraft4 =
  (exclusiveName: string, inclusive: Keyword, exclusive: Keyword): Keyword =>
  (site) =>
    memberOf(site.schema, exclusiveName) === true ? exclusive(site) : inclusive(site);

export const minimumOfDraft4: Keyword = boundOfDraft4("exclusiveMinimum", minimumKeyword, exclusiveMinimumKeyword);
export const maximumOfDraft4: Keyword = boundOfDraft4("exclusiveMaximum", maximumKeyword, exclusiveMaximumKeyword);

/** Read with the bound that it belongs to. */
export const exclusiveOfDraft4: Keyword = ({ value, refuse }) =>
  typeof value === "boolean" ? null : refuse("must be true or false in draft 4");

export const multipleOfKeyword: Keyword = ({ value, refuse }) => {
  if (typeof value !== "number" || value <= 0) return refuse("must be a number above 0");
  const message = `must be a multiple of ${value}`;
  return (given, run) =>
    typeof given !== "number" || (run.spend(divisionWork) && isMultipleOf(given, value)) || run.fail(message);
};
