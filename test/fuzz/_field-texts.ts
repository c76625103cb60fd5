import * as fc from "fast-check";

import type { JsonSchema } from "../../src/api/json-schema.ts";
import { oddJson, oddNumbers, oddText, prototypeNames } from "./_odd-texts.ts";

/** Stands for what is there when a request is sent: `<source>`, `<destination>`, `<event>`, `<replay>`, `<receiver>`. */
export type Placeholder = "<source>" | "<destination>" | "<event>" | "<replay>" | "<receiver>";

const oddInstants = fc.constantFrom(
  "2026-04-26T09:00:00Z",
  "2026-04-26T09:00:00.123456789+02:00",
  "2126-04-26T09:00:00-23:59",
  "0000-01-01T00:00:00Z",
  "1969-12-31T23:59:59.999Z",
  "9999-12-31T23:59:59.999-23:59",
  "10000-01-01T00:00:00Z",
  "+275760-09-13T00:00:00Z",
  "-271821-04-20T00:00:00Z",
  "2025-02-29T00:00:00Z",
  "2025-01-01T24:00:00Z",
  "2025-12-31T23:59:60Z",
  "2025-01-01T00:00:00",
  "2025-01-01",
  "1e12",
  "now",
);

const oddIds = fc.constantFrom(
  "<event>",
  "<source>",
  "<destination>",
  "00000000-0000-0000-0000-000000000000",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
  "019DC7F1-2B40-7C3E-9D51-3F6B0A8E4C27",
  "019dc7f1-2b40-7c3e-9d51-3f6b0a8e4c2",
  "019dc7f1-2b40-7c3e-9d51-3f6b0a8e4c27 ",
  "{019dc7f1-2b40-7c3e-9d51-3f6b0a8e4c27}",
  "019dc7f12b407c3e9d513f6b0a8e4c27",
  "019dc7f1-2b40-7c3e-9d51-3f6b0a8e4c2g",
  "urn:uuid:019dc7f1-2b40-7c3e-9d51-3f6b0a8e4c27",
  "０19dc7f1-2b40-7c3e-9d51-3f6b0a8e4c27",
);

/** None that could lead anywhere but to this machine: what resolves is in the test's own name server. */
const oddUrls = fc.constantFrom(
  "<receiver>",
  "<receiver>/?a=%00&b=\u{1f600}#c",
  "<receiver>//../%2e%2e/",
  "http://127.0.0.1:1/",
  "http://2130706433:1/",
  "http://0x7f.1:1/",
  "http://[::ffff:127.0.0.1]:1/",
  "https://127.0.0.1:1/",
  "https://unknown.test/",
  "https://user:password@unknown.test/",
  "https://unknown.test:99999/",
  "https://unknown.test.:443/",
  "https://\u00fcml\u00e4ut.test/",
  "https://xn--/",
  `https://${"a".repeat(64)}.test/`,
  `https://unknown.test/${"a".repeat(2_100)}`,
  "https://[fe80::1%25eth0]/",
  "http://169.254.169.254/latest/meta-data",
  "http://10.0.0.1/",
  "https://",
  "https:unknown.test",
  "javascript:alert(1)",
  "file:///etc/passwd",
  "//unknown.test/",
);

/** What each field may well be sent; those that are not here go by their schema. */
const usual: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  url: fc.oneof(fc.constant("<receiver>"), oddUrls),
  cursor: oddIds,
  from: oddInstants,
  to: oddInstants,
  destination_ids: fc.array(oddIds, { maxLength: 3 }),
  event_filter: fc.array(fc.oneof(fc.constantFrom("a", "a.*", "invoice.paid", "*", "a.*.b", ""), oddText), {
    maxLength: 4,
  }),
  forward_headers: fc.array(
    fc.constantFrom("x-a", "X-B", "cookie", "host", "content-length", "__proto__", "constructor", "", "a b", "a\r\nb"),
    { maxLength: 4 },
  ),
  signing_header: fc.constantFrom("X-Signature", "__proto__", "content-length", "", "a b", "\r\n", "x".repeat(128)),
  include: fc.constantFrom(
    "payload",
    "attempts",
    "payload,attempts",
    ",",
    "payload,payload",
    "constructor",
    "__proto__",
  ),
};

const bySchema = (schema: JsonSchema): fc.Arbitrary<unknown> => {
  const { anyOf, enum: words, type, items, minimum = 1, maximum = 1_000_000 } = schema;
  if (anyOf !== undefined) return fc.oneof(...anyOf.map((each) => bySchema(each)));
  if (words !== undefined) return fc.constantFrom<unknown[]>(...words);
  if (type === "boolean") return fc.boolean();
  if (type === "null") return fc.constant(null);
  if (type === "array") return fc.array(bySchema((items ?? {}) as JsonSchema), { maxLength: 4 });
  if (type !== "integer" && type !== "number") return oddText;
  const bounds = fc.constantFrom(minimum, maximum, minimum - 1, maximum + 1);
  return fc.oneof({ weight: 3, arbitrary: fc.integer({ min: minimum, max: maximum }) }, bounds);
};

/** Values that no field wants. */
const oddValue: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...oddNumbers),
  oddText.map((text) => JSON.stringify(text)),
  fc.constantFrom("null", "true", "{}", "[]", '""', "[null]", '[[["a"]]]', '{"length":1e9}', '{"0":"a","length":1}'),
  fc.constantFrom(...prototypeNames).map((name) => `{"${name}":{"${name}":1}}`),
  oddJson.filter((text) => isJson(text)),
  fc.constantFrom(
    `[${"1,".repeat(99_999)}1]`,
    `["${'a","'.repeat(9_999)}a"]`,
    `${"[".repeat(50_000)}${"]".repeat(50_000)}`,
    `"${"x".repeat(300_000)}"`,
  ),
);

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** The JSON of a field's value: mostly one that the field may well be sent. */
export const fieldText = (name: string, schema: JsonSchema): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 5, arbitrary: (usual[name] ?? bySchema(schema)).map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: oddValue },
  );

/** The same in a query: not encoded yet. */
export const queryText = (name: string, schema: JsonSchema): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: (usual[name] ?? bySchema(schema)).map((value) => String(value)) },
    { weight: 1, arbitrary: oddText },
    { weight: 1, arbitrary: fc.constantFrom(...oddNumbers) },
  );
