/** Code points from the first to the last. */
export type CharRange = readonly [first: number, last: number];

/** Some characters. */
export type CharSet = {
  /** Growing, without overlaps. */
  readonly ranges: readonly CharRange[];
  /** Others that belong to it: `\p{…}`, asked of the platform one character at a time. */
  readonly others: readonly ((char: string) => boolean)[];
  /** Whether it is all characters but those. */
  readonly isNegated: boolean;
};

export const charMax = 0x10ffff;

const merged = (ranges: readonly CharRange[]): CharRange[] => {
  const result: CharRange[] = [];
  for (const [first, last] of ranges.toSorted(([a], [b]) => a - b)) {
    const before = result.at(-1);
    if (before === undefined || first > before[1] + 1) result.push([first, last]);
    else result[result.length - 1] = [before[0], Math.max(before[1], last)];
  }
  return result;
};

/** The set of `ranges` and `others`, or of all else. */
export const charSet = (
  ranges: readonly CharRange[],
  isNegated: boolean = false,
  others: CharSet["others"] = [],
): CharSet => ({ ranges: merged(ranges), others, isNegated });

/** The ranges between those of `set`, which has no others. */
export const rangesBetween = ({ ranges }: CharSet): CharRange[] => {
  const starts = [0, ...ranges.map(([, last]) => last + 1)];
  const ends = [...ranges.map(([first]) => first - 1), charMax];
  return starts.flatMap((first, index): CharRange[] => {
    const last = ends[index] ?? -1;
    return first <= last ? [[first, last]] : [];
  });
};

const isWithin = (ranges: readonly CharRange[], char: number): boolean => {
  let [low, high] = [0, ranges.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [first, last] = ranges[middle] ?? [0, 0];
    if (char < first) high = middle - 1;
    else if (char > last) low = middle + 1;
    else return true;
  }
  return false;
};

/** Whether the code point `char` is in `set`. */
export const isInSet = ({ ranges, others, isNegated }: CharSet, char: number): boolean => {
  const isListed = isWithin(ranges, char) || others.some((has) => has(String.fromCodePoint(char)));
  return isListed !== isNegated;
};

export const digits: CharSet = charSet([[0x30, 0x39]]);

export const wordChars: CharSet = charSet([
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
]);

/** ECMAScript's white space and line ends. */
export const spaces: CharSet = charSet([
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]);

/** What `.` stands for: all but line ends. */
export const notLineEnds: CharSet = charSet(
  [
    [0x0a, 0x0a],
    [0x0d, 0x0d],
    [0x2028, 0x2029],
  ],
  true,
);
