import { createContext, runInContext } from "node:vm";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { compileSchema } from "../../src/schemas/compile-schema.ts";

const compile = (pattern: string) => compileSchema({ pattern });

const matches = (pattern: string, text: string): boolean => {
  const compiled = compile(pattern);
  if (compiled.kind === "refused") throw new Error(compiled.message);
  return compiled.schema.validate(text).valid;
};

/** What may stand in a pattern: all kinds of characters, classes, groups, counts and edges. */
const patterns = fc.letrec<{ pattern: string; term: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("a", "b", "c", "é", "😀", "-", "_", " ", "1") },
    { weight: 3, arbitrary: fc.constantFrom(".", "\\d", "\\w", "\\s", "\\D", "\\W", "\\S", "\\b", "\\B", "^", "$") },
    fc.constantFrom("[abc]", "[^a]", "[a-c1-3]", "[\\w-]", "[^\\d\\s]", "[\\S]", "[]", "[^]", "[.*+]", "[\\]\\-a]"),
    fc.constantFrom(
      "\\u0061",
      "\\x62",
      "\\u{1F600}",
      "\\uD83D\\uDE00",
      "\\cJ",
      "\\t",
      "\\n",
      "\\0(?:)",
      "\\/",
      "\\.",
      "\\$",
    ),
    fc.constantFrom("\\p{L}", "\\P{Lu}", "[\\p{Ll}\\d]", "[^\\p{L}]", "\\p{Script=Greek}"),
    { weight: 3, arbitrary: tie("pattern").map((inner) => `(${inner})`) },
    tie("pattern").map((inner) => `(?:${inner})`),
  ),
  term: fc
    .tuple(tie("atom"), fc.constantFrom("", "", "", "*", "+", "?", "*?", "+?", "{2}", "{0,2}", "{1,}", "{2,3}?", "{0}"))
    .map(([atom, times]) => (/^(?:\\b|\\B|\^|\$)$/.test(atom) ? atom : atom + times)),
  pattern: fc
    .array(fc.array(tie("term"), { maxLength: 3 }), { minLength: 1, maxLength: 3 })
    .map((choices) => choices.map((terms) => terms.join("")).join("|")),
}));

const texts = fc.string({
  unit: fc.constantFrom(
    "a",
    "b",
    "c",
    "A",
    "é",
    "😀",
    "Ω",
    "-",
    "_",
    " ",
    "1",
    "\n",
    "\u2028",
    "\u00a0",
    "\0",
    ".",
    "/",
  ),
  maxLength: 8,
});

/**
 * Whether the platform's own engine finds it, asked at each character by itself: when it may look for itself, V8 also
 * looks between the two halves of one, where `\B` holds, though by ECMA-262 (RegExpBuiltinExec, AdvanceStringIndex) a
 * pattern with the flag u is nowhere but at whole characters.
 */
const isFoundByPlatform = (pattern: string, text: string): boolean => {
  const native = new RegExp(pattern, "uy");
  const characters = Array.from(text);
  return Array.from({ length: characters.length + 1 }, (_, count) => characters.slice(0, count).join("").length).some(
    (index) => {
      native.lastIndex = index;
      return native.test(text);
    },
  );
};

/** What runs in a context can be stopped, also while it matches. */
const asked: { ask?: () => readonly boolean[] } = createContext({});

const isTimeout = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";

/** What the platform finds in each text. Null: it tries more ways than anybody waits for, which is why patterns have an engine of ours. */
const askPlatform = (pattern: string, each: readonly string[]): readonly boolean[] | null => {
  asked.ask = () => each.map((text) => isFoundByPlatform(pattern, text));
  try {
    return runInContext("ask()", asked, { timeout: 1_000 }) as boolean[];
  } catch (error) {
    if (isTimeout(error)) return null;
    throw error;
  }
};

describe("a pattern", () => {
  test("matches what the platform's own engine matches", () => {
    fc.assert(
      fc.property(patterns.pattern, fc.array(texts, { minLength: 1, maxLength: 8 }), (pattern, each) => {
        const compiled = compile(pattern);
        // Counts within counts may be more states than a pattern may have.
        fc.pre(compiled.kind === "compiled" || !compiled.message.includes("must be simpler"));
        const expected = askPlatform(pattern, each);
        fc.pre(expected !== null);
        expect(each.map((text) => matches(pattern, text))).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });

  test.for([
    ["^[a-z]{2}\\-[0-9]+$", "de-1", true, "without the flag u, where a hyphen may be escaped"],
    ["^\\@[\\w]+$", "@postern", true, "and other things"],
    ["a{,3}", "a{,3}", true, "and braces that count nothing"],
    ["a]b", "a]b", true, "and brackets that close nothing"],
    ["^[\\w-.]+$", "a-b.c", true, "and ranges that are none"],
    ["\\p{L}", "p{L}", true, "and letters that are not special"],
    ["^(?<year>\\d{4})-(?<month>\\d\\d)$", "2026-11", true, "with names for its groups"],
    ["", "anything", true, "that is empty"],
    ["^$", "", true, "for nothing"],
    ["^$", "a", false, "for nothing, and something"],
    ["x", "", false, "for something, and nothing"],
    ["^a|b$", "xb", true, "that begins at the start only in one of its choices"],
    ["(^a|^b)c", "xbc", false, "that begins at the start in all of them"],
    ["\\B", "a😀a", false, "and a character of two halves is one"],
    ["😀\\B😀", "😀😀", true, "and what is beside it is no word"],
  ] as const)("%j and %j: %j, as it is written %s", ([pattern, text, expected]) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  test.for([
    ["(", "must be a regular expression"],
    ["a**", "must be a regular expression"],
    ["[z-a]", "must be a regular expression"],
    ["(?=a)b", "must do without looking ahead"],
    ["^(?!x).*$", "must do without looking ahead"],
    ["(?<=a)b", "must do without looking ahead"],
    ["(?<!a)b", "must do without looking ahead"],
    ["(a)\\1", "must do without looking ahead"],
    ["(?<x>a)\\k<x>", "must do without looking ahead"],
    ["\\012", "must do without octal numbers"],
    ["[\\12]", "must do without octal numbers"],
    ["a{1001}", "must be simpler"],
    ["((a{100}){100}){100}", "must be simpler"],
    ["(((){1000}){1000}){1000}", "must be simpler"],
    ["(?:){1,999999999}", "must be simpler"],
    ["(?:a?){999999999}", "must be simpler"],
    ["((((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+){9}", "must match"],
    ["(".repeat(51) + ")".repeat(51), "must not have more than 50 groups inside each other"],
    ["a".repeat(2001), "must have at most 2000 characters"],
  ] as const)("%j is refused, or taken, at once: %s", ([pattern, message]) => {
    const compiled = compile(pattern);
    if (message === "must match") expect(compiled.kind).toBe("compiled");
    else expect(compiled).toEqual({ kind: "refused", message: expect.stringContaining(`/pattern ${message}`) });
  });

  test("counts with all others of the schema", () => {
    const properties = Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`p${at}`, { pattern: `${at}{950}` }]));
    expect(compileSchema({ properties })).toMatchObject({
      kind: "refused",
      message: expect.stringContaining("simpler"),
    });
  });

  test("is compiled once, however often it stands in the schema", () => {
    const properties = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`p${at}`, { pattern: "a{950}" }]));
    expect(compileSchema({ properties }).kind).toBe("compiled");
  });

  test.for([
    ["^(a+)+$", `${"a".repeat(50_000)}b`],
    ["^(a|a)*$", `${"a".repeat(50_000)}b`],
    ["^(a|a?)+$", `${"a".repeat(50_000)}b`],
    ["(x+x+)+y", "x".repeat(50_000)],
    ["(.*)*$\\B", "x".repeat(50_000)],
    [
      "^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$",
      "a".repeat(50_000),
    ],
    ["\\s*\\s*\\s*\\s*\\s*\\s*\\s*\\s*x", " ".repeat(50_000)],
  ] as const)("%j takes a text that holds up others for ever in its stride", ([pattern, text]) => {
    // No value is refused for the work it takes: the answer is that of the pattern.
    expect(compileAndValidate(pattern, text)).toEqual({
      valid: false,
      errors: [{ path: "", message: `must match the pattern ${pattern}` }],
    });
  });

  test("that has too much to remember is looked at only so far", () => {
    const text = Array.from({ length: 100_000 }, (_, at) => ((at * 2_654_435_761) & 0x40 ? "a" : "b")).join("");
    expect(compileAndValidate("[ab]*a[ab]{300}c", text)).toMatchObject({
      valid: false,
      errors: [{ path: "", message: expect.stringContaining("must be simpler") }],
    });
    // What was found out before still holds.
    const compiled = compile("[ab]*a[ab]{300}c");
    if (compiled.kind === "refused") throw new Error(compiled.message);
    compiled.schema.validate(text);
    expect(compiled.schema.validate(`a${"b".repeat(300)}c`)).toEqual({ valid: true });
    expect(compiled.schema.validate(`a${"b".repeat(299)}c`).valid).toBe(false);
  });
});

const compileAndValidate = (pattern: string, text: string) => {
  const compiled = compile(pattern);
  if (compiled.kind === "refused") throw new Error(compiled.message);
  return compiled.schema.validate(text);
};
