import * as fc from "fast-check";

/** Names that every object of JavaScript has, or seems to have. */
export const prototypeNames: readonly string[] = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "valueOf",
  "hasOwnProperty",
  "__defineGetter__",
  "toJSON",
  "then",
  "length",
];

/** Numbers in places where text or another number is expected, as they are written. */
export const oddNumbers: readonly string[] = [
  "-0",
  "0",
  "-1",
  "0.5",
  "9007199254740993",
  "9223372036854775807",
  "9223372036854775808",
  "18446744073709551616",
  "1e308",
  "1e309",
  "-1e400",
  "1e-400",
  "123456789012345678901234567890",
];

/** Text that a careless program would store, compare, split or print wrongly. */
export const oddText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...prototypeNames),
  fc.constantFrom(...oddNumbers),
  // What not every engine can store.
  fc.constantFrom("\0", "a\0b", "\ud800", "a\udc00b", "\udc00\ud800"),
  fc.constantFrom(
    "",
    " ",
    "\ufeff",
    "\ufffd",
    "\u202e",
    "\u0000\u0001\u001f\u007f\u0085\u2028\u2029",
    "İı",
    "ﬀ",
    "e\u0301",
    "👩‍👩‍👧‍👧",
    "' or 1=1 --",
    '"; drop table events; --',
    "%00",
    "%",
    "_",
    "\\",
    "*",
    "a.*",
    "../../etc/passwd",
    "..%2f..%2f",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "<script>",
    "\r\nx-injected: 1",
    "null",
    "undefined",
    "NaN",
    "true",
    "[object Object]",
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 20 }),
  // Half characters anywhere.
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom("x".repeat(255), "x".repeat(256), "é".repeat(300), "x".repeat(5_000)),
);

/** What JSON may be written as, and what only looks like it. */
export const oddJson: fc.Arbitrary<string> = fc.oneof(
  fc.json(),
  fc.json({ stringUnit: "binary", maxDepth: 6 }),
  oddText.map((text) => JSON.stringify(text)),
  fc.constantFrom(...oddNumbers),
  fc.constantFrom(
    "",
    "null",
    "NaN",
    "Infinity",
    "{",
    "{}}",
    "[1,]",
    "{'a':1}",
    '{"a":1,"a":2}',
    '{"__proto__":{"type":"x"}}',
    '{"constructor":{"prototype":{"type":"x"}}}',
    '{"toString":1,"valueOf":null,"toJSON":"x","then":"y","length":-1}',
    '{"type":"\\ud800"}',
    '{"type":"a\\u0000b"}',
    '{"type":1e400}',
    "\ufeff{}",
    '// comment\n{"a":1}',
  ),
  fc.integer({ min: 1, max: 1_500 }).map((depth) => `${"[".repeat(depth)}${"]".repeat(depth)}`),
  fc.integer({ min: 1, max: 600 }).map((depth) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`),
);
