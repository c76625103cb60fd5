import fc from "fast-check";
import { expect, test } from "vitest";

import { envelopeOf } from "../../src/delivery/envelope.ts";

const eventId = "01936b5e-0000-7000-8000-000000000001";
const sourceId = "01936b5e-0000-7000-8000-000000000002";
const about = { eventType: "order.created", sourceId, eventId, receivedAtMs: Date.UTC(2027, 0, 15, 8, 0, 30, 999) };

const envelope = (body: string | Uint8Array, over: { eventType?: string | null } = {}): string =>
  envelopeOf({ ...about, ...over, body: Buffer.from(body) }).toString("utf8");

const around = (data: string): string =>
  `{"event":"order.created","data":${data},"source_id":"${sourceId}","event_id":"${eventId}","timestamp":"2027-01-15T08:00:30Z"}`;

test.for([
  ["an object", `{"a":1}`],
  ["white space and the order of keys", ` { "b" : 1,\n"a":2 } \t`],
  ["a key that is there twice", `{"a":1,"a":2}`],
  ["a whole number of 64 bits", `{"id":9223372036854775807}`],
  ["a number with more digits than a double", `[0.1000000000000000055511151231257827, 1e400, -0.0]`],
  ["escapes as they were written", `"\\u00e9\\/\\ud83d\\ude00"`],
  ["text beyond ASCII", `{"name":"José ☃ 😀"}`],
  ["a lone value", "null"],
  ["nesting beyond any stack", `${"[".repeat(200_000)}${"]".repeat(200_000)}`],
])("invariant 4: JSON is put in byte for byte: %s", ([, body]) => {
  expect(envelope(body!)).toBe(around(body!));
});

test("invariant 4: whatever JSON came stands in the envelope byte for byte", () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom("", " ", "\n\t"), (json, space) => {
      const body = Buffer.from(`${space}${json}${space}`);
      const whole = envelopeOf({ ...about, body });
      expect(whole.includes(body)).toBe(true);
      expect((JSON.parse(whole.toString()) as { data: unknown }).data).toEqual(JSON.parse(json));
    }),
  );
});

test.for([
  ["text that is not JSON", "a=1&b=2", "a=1&b=2"],
  ["nothing at all", "", ""],
  ["cut-off JSON", `{"a":`, `{"a":`],
  ["two values", "{} {}", "{} {}"],
  ["a byte order mark in front", "\ufeff{}", "\ufeff{}"],
  ["a NUL", "a\0b", "a\0b"],
])("%s becomes a string", ([_, body, data]) => {
  expect(JSON.parse(envelope(body!))).toMatchObject({ data });
});

test.for([
  ["bytes", [0xff, 0xfe, 0x00]],
  ["half a character", [0xe2, 0x98]],
  ["an overlong form", [0xc0, 0xaf]],
  ["an encoded surrogate", [0xed, 0xa0, 0x80]],
] as const)("what is not text becomes base64: %s", ([_, bytes]) => {
  expect(JSON.parse(envelope(Buffer.from(bytes)))).toMatchObject({ data: Buffer.from(bytes).toString("base64") });
});

test("any bytes make an envelope that is JSON and can be undone", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const { data } = JSON.parse(envelope(bytes)) as { data: unknown };
      const body = Buffer.from(bytes);
      const read = typeof data === "string" ? data : null;
      const isSame = read !== null && (Buffer.from(read).equals(body) || Buffer.from(read, "base64").equals(body));
      expect(isSame || JSON.stringify(data) === JSON.stringify(JSON.parse(body.toString()))).toBe(true);
    }),
  );
});

test.for([
  [null, null],
  [`a"b\\c\n`, `a"b\\c\n`],
] as const)("the event type %j is %j in it", ([eventType, event]) => {
  expect(JSON.parse(envelope("{}", { eventType }))).toMatchObject({ event });
});
