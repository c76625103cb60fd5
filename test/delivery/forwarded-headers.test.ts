import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { forwardedHeaders, type ForwardRules } from "../../src/delivery/forwarded-headers.ts";
import type { Headers } from "../../src/lib/headers.ts";

const rules = (over: Partial<ForwardRules> = {}): ForwardRules => ({
  ownHeaders: ["x-github-event", "x-hub-signature-256"],
  forwardHeaders: ["x-trace"],
  credentialHeaders: ["x-token"],
  headerPrefix: "krafter",
  ...over,
});

/** What nobody outside may make a receiver believe, or what belongs to a connection of the sender's. */
const spoofed = [
  "host",
  "cookie",
  "authorization",
  "content-length",
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "proxy-connection",
  "proxy-authorization",
  "proxy-authenticate",
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-forwarded-prefix",
  "x-forwarded-user",
  "x-real-ip",
  "user-agent",
  "x-krafter-signature",
  "x-krafter-event",
  "x-krafter-webhook-id",
  "x-krafter-delivery-id",
  "x-krafter-attempt",
  "x-krafter-test",
  "x-krafter-anything",
  "x-token",
];

describe("headers that must not pass", () => {
  test.for(spoofed)("%s does not, although the destination asks for it and the preset declares it", (name) => {
    const asking = rules({ forwardHeaders: [name], ownHeaders: [name] });
    expect(forwardedHeaders([[name, "spoofed"]], asking)).toEqual([]);
  });

  test("are more than thirty names, and no mixture of them lets one through", () => {
    expect(spoofed.length).toBeGreaterThan(30);
    const names = fc.constantFrom(...spoofed, "x-trace", "x-github-event", "content-type", "x-unknown");
    const headers = fc.array(fc.tuple(names, fc.string()), { maxLength: 40 });
    fc.assert(
      fc.property(headers, fc.subarray(spoofed), fc.subarray(spoofed), (received, forwardHeaders, ownHeaders) => {
        const passed = forwardedHeaders(received, rules({ forwardHeaders, ownHeaders }));
        expect(passed.filter(([name]) => spoofed.includes(name))).toEqual([]);
      }),
    );
  });

  test("are all that is not named: whatever else a sender writes is dropped", () => {
    const allowed = new Set([
      "content-type",
      "content-encoding",
      "content-language",
      ...rules().ownHeaders,
      ...rules().forwardHeaders,
    ]);
    const unknown = fc.stringMatching(/^[a-z-]{1,20}$/).filter((name) => name !== "connection");
    const names = fc.oneof(fc.constantFrom(...allowed), unknown);
    fc.assert(
      fc.property(fc.array(fc.tuple(names, fc.string()), { maxLength: 30 }), (received) => {
        const expected = received.filter(([name]) => allowed.has(name));
        expect(forwardedHeaders(received, rules())).toEqual(expected);
      }),
    );
  });
});

test("what is named passes as it came: in order, repeats included", () => {
  const headers: Headers = [
    ["x-trace", "one"],
    ["content-type", "application/json; charset=utf-8"],
    ["x-other", "no"],
    ["x-github-event", "push"],
    ["x-trace", "t\u00e9"],
    ["content-encoding", "gzip"],
    ["content-language", "de"],
  ];
  expect(forwardedHeaders(headers, rules())).toEqual(headers.filter(([name]) => name !== "x-other"));
});

test("a provider's own Standard Webhooks headers move aside for ours", () => {
  const own = ["webhook-id", "webhook-timestamp", "webhook-signature"];
  const headers = own.map((name) => [name, `their ${name}`] as const);
  expect(forwardedHeaders(headers, rules({ ownHeaders: own }))).toEqual(
    own.map((name) => [`x-original-${name}`, `their ${name}`]),
  );
});

describe("names that the sender's connection header lists are of that hop", () => {
  test.for([
    ["one", [["connection", "x-trace"]], []],
    ["in a list, in any case", [["connection", "close, X-Trace ,x-other"]], []],
    [
      "in a second line",
      [
        ["connection", "close"],
        ["connection", "x-trace"],
      ],
      [],
    ],
    ["another name", [["connection", "x-tracer"]], [["x-trace", "1"]]],
  ] as const satisfies readonly (readonly [string, Headers, Headers])[])("%s", ([_, connection, expected]) => {
    expect(forwardedHeaders([...connection, ["x-trace", "1"]], rules())).toEqual(expected);
  });
});

test("another prefix protects its own names, and those alone", () => {
  const acme = rules({ headerPrefix: "acme", forwardHeaders: ["x-acme-signature", "x-krafter-signature"] });
  const headers: Headers = [
    ["x-acme-signature", "spoofed"],
    ["x-krafter-signature", "of another gateway"],
  ];
  expect(forwardedHeaders(headers, acme)).toEqual([headers[1]]);
});
