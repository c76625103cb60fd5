import { type CharRange, type CharSet, charSet, digits, rangesBetween, spaces, wordChars } from "./_char-set.ts";

/** A pattern while it is read. */
export type Reading = {
  /** Whether it is one for ECMAScript's `u` flag: then `\p{…}` is a class. */
  readonly isUnicode: boolean;
  /** The next character, or empty at the end. */
  peek(): string;
  rest(): string;
  skip(count: number): void;
  /** Notes why the pattern cannot be used: `must …`. */
  refuse(message: string): null;
  isRefused(): boolean;
};

const of = (char: number): CharSet => charSet([[char, char]]);

const classes: ReadonlyMap<string, CharSet> = new Map([
  ["d", digits],
  ["D", charSet(rangesBetween(digits))],
  ["w", wordChars],
  ["W", charSet(rangesBetween(wordChars))],
  ["s", spaces],
  ["S", charSet(rangesBetween(spaces))],
]);

const controls: ReadonlyMap<string, number> = new Map([
  ["t", 0x09],
  ["n", 0x0a],
  ["v", 0x0b],
  ["f", 0x0c],
  ["r", 0x0d],
  ["0", 0],
]);

/** `\u{1F600}`, `\uD83D\uDE00`, `\u0041`, `\x41`, `\cA`. */
const numbered =
  /^\\(?:u\{([\da-f]+)\}|u(d[89ab][\da-f]{2})\\u(d[c-f][\da-f]{2})|u([\da-f]{4})|x([\da-f]{2})|c([a-z]))/i;

const property = /^\\p\{[^}]*\}/i;

const hex = (text: string): number => Number.parseInt(text, 16);

const readNumbered = (reading: Reading): CharSet | null => {
  const [whole, braced, high, low, four, two, control] = numbered.exec(reading.rest()) ?? [];
  if (whole === undefined) return null;
  reading.skip(whole.length);
  if (high !== undefined && low !== undefined) return of(((hex(high) - 0xd800) << 10) + hex(low) - 0xdc00 + 0x10000);
  if (control !== undefined) return of((control.codePointAt(0) ?? 0) % 32);
  return of(hex(braced ?? four ?? two ?? ""));
};

/** `\p{L}` and the like: which characters they are, the platform knows. One character is looked at in no time. */
const readProperty = (reading: Reading): CharSet | null => {
  const [whole] = (reading.isUnicode ? property.exec(reading.rest()) : null) ?? [];
  if (whole === undefined) return null;
  reading.skip(whole.length);
  const single = new RegExp(`^${whole}$`, "u");
  return charSet([], false, [(char) => single.test(char)]);
};

/** What an escape stands for that is one character of the text, or one of several. */
export const readEscape = (reading: Reading): CharSet => {
  const special = readNumbered(reading) ?? readProperty(reading);
  if (special !== null) return special;
  reading.skip(1);
  const char = reading.peek();
  reading.skip(char.length);
  if (/\d/.test(char) && (char !== "0" || /^\d/.test(reading.rest()))) reading.refuse("must do without octal numbers");
  return classes.get(char) ?? of(controls.get(char) ?? char.codePointAt(0) ?? 0);
};

const readMember = (reading: Reading): CharSet => {
  if (reading.rest().startsWith("\\b")) {
    reading.skip(2);
    return of(0x08);
  }
  const char = reading.peek();
  if (char === "\\") return readEscape(reading);
  reading.skip(char.length);
  return of(char.codePointAt(0) ?? 0);
};

const soleChar = ({ ranges, others }: CharSet): number | null => {
  const [range] = ranges;
  return ranges.length === 1 && others.length === 0 && range !== undefined && range[0] === range[1] ? range[0] : null;
};

/** `a-z`, when both ends are single characters; the hyphen is a member else. */
const readRange = (reading: Reading, first: CharSet): CharRange | null => {
  const from = soleChar(first);
  if (from === null || !/^-[^\]]/.test(reading.rest()) || /^-\\[dws]/i.test(reading.rest())) return null;
  reading.skip(1);
  const to = soleChar(readMember(reading));
  return to === null ? null : [from, to];
};

/** What stands between square brackets. */
export const readClass = (reading: Reading): CharSet => {
  reading.skip(1);
  const isNegated = reading.peek() === "^";
  if (isNegated) reading.skip(1);
  const ranges: CharRange[] = [];
  const others: ((char: string) => boolean)[] = [];
  while (reading.peek() !== "]" && reading.peek() !== "") {
    const member = readMember(reading);
    const range = readRange(reading, member);
    ranges.push(...(range === null ? member.ranges : [range]));
    others.push(...member.others);
  }
  reading.skip(1);
  return charSet(ranges, isNegated, others);
};
