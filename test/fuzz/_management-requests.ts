import * as fc from "fast-check";

import type { Scope } from "../../src/access/scopes.ts";
import { fieldsOf, toJsonSchema } from "../../src/api/json-schema.ts";
import type { Route } from "../../src/api/route.ts";
import { fieldText, queryText } from "./_field-texts.ts";
import { oddJson, oddNumbers, oddText, prototypeNames } from "./_odd-texts.ts";

/** A request as it will be written, with placeholders for what is there then. */
export type ManagementRequest = {
  readonly route: Route<Scope>;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  /** Bytes, one character each. */
  readonly body: string;
  /** Whether its key is the right one, and written as it should be. */
  readonly isAuthorized: boolean;
};

const utf8 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

const placeholderOf = (path: string, name: string): string => {
  if (name === ":source_id") return "<source>";
  if (name === ":event_id") return "<event>";
  if (path.includes("/destinations")) return "<destination>";
  return path.includes("/replays") ? "<replay>" : "<source>";
};

/** Segments of a path that are not the id that belongs there. */
const oddSegment = fc.oneof(
  fc.constantFrom("<source>", "<destination>", "<event>", "<replay>", "<event>x", "x<source>", "<source>%00"),
  fc.constantFrom(
    "",
    ".",
    "..",
    "%2e%2e",
    "..%2f..%2f",
    "%00",
    "%",
    "%zz",
    "%ff",
    "%c3%28",
    "%ed%a0%80",
    "%F0%9F%98%80",
    ":id",
    "*",
    "a".repeat(5_000),
    ...prototypeNames,
    ...oddNumbers,
  ),
  oddText.map((text) => encodeURIComponent(text.toWellFormed())),
);

/** The path of a route, with most of its parameters as they should be. */
const pathOf = ({ path }: Route<Scope>): fc.Arbitrary<string> => {
  const segments = path
    .split("/")
    .map((segment) =>
      segment.startsWith(":")
        ? fc.oneof(
            { weight: 12, arbitrary: fc.constant(placeholderOf(path, segment)) },
            { weight: 1, arbitrary: oddSegment },
          )
        : fc.constant(segment),
    );
  return fc.tuple(...segments).map((parts) => `/api/v1${parts.join("/")}`);
};

/** Names and values of a query, encoded in one way or another. */
const encoded = fc.constantFrom<((text: string) => string)[]>(
  (text) => encodeURIComponent(text.toWellFormed()),
  (text) => encodeURIComponent(text.toWellFormed()),
  (text) => new URLSearchParams([["", text]]).toString().slice(1),
  (text) => text.replaceAll(/[^!$'-;=?-~]/g, "%"),
);

const queryOf = ({ query }: Route<Scope>): fc.Arbitrary<string> => {
  const fields = fieldsOf(toJsonSchema(query, "input"));
  const known = fields.map(({ name, schema }) => fc.tuple(fc.constant(name), queryText(name, schema), encoded));
  const unknown = fc.tuple(
    fc.oneof(fc.constantFrom("page[]", "a[b]", "", "key", ...prototypeNames), oddText),
    oddText,
    encoded,
  );
  const one = known.length === 0 ? unknown : fc.oneof({ weight: 6, arbitrary: fc.oneof(...known) }, unknown);
  return fc
    .array(
      one.map(([name, value, encode]) => `${encode(name)}=${encode(value)}`),
      { maxLength: 5 },
    )
    .map((pairs) => pairs.join("&"));
};

/** A body by the route's own schema, with fields left out, repeated, and some that nobody knows. */
const fittingBody = ({ body }: Route<Scope>): fc.Arbitrary<string> => {
  const fields = fieldsOf(toJsonSchema(body, "input"));
  const known = fields.map(({ name, schema, isRequired }) =>
    fc
      .tuple(fieldText(name, schema), fc.integer({ min: 0, max: 9 }))
      .map(([text, die]) => ((isRequired ? die > 0 : die > 7) ? [`${JSON.stringify(name)}:${text}`] : [])),
  );
  const unknown = fc
    .tuple(fc.oneof(fc.constantFrom("id", "slug", "team_id", ...prototypeNames), oddText), oddJson)
    .map(([name, text]) => `${JSON.stringify(name)}:${text === "" ? "0" : text}`);
  return fc
    .tuple(
      fc.tuple(...known),
      fc.oneof({ weight: 6, arbitrary: fc.constant<string[]>([]) }, fc.array(unknown, { maxLength: 2 })),
    )
    .map(([some, others]) => utf8(`{${[...some.flat(), ...others].join(",")}}`));
};

const bodyOf = (route: Route<Scope>): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 12, arbitrary: fittingBody(route) },
    { weight: 1, arbitrary: oddJson.map(utf8) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("", "\xff", "\xed\xa0\x80", '{"name":"\xc0\x80"}', "\xef\xbb\xbf{}", "\xff\xfe{\0}\0"),
    },
  );

const right = "authorization: Bearer <key>";

const authorizations = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(right, "Authorization:bearer   <key>  ") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "x-no-key: 1",
      "authorization:",
      "authorization: Bearer",
      "authorization: Bearer <key>x",
      "authorization: Bearer <key> <key>",
      "authorization: <key>",
      "authorization: Basic <key>",
      "authorization: Bearer\t<key>",
      "authorization: Bearer \xa0<key>",
      "authorization: Bearer kr_live_",
      "authorization: Bearer __proto__",
      `authorization: Bearer ${"x".repeat(10_000)}`,
      `authorization: Bearer kr_live_${"\xff".repeat(43)}`,
      "authorization: Bearer wrong\r\nauthorization: Bearer <key>",
      "authorization: Bearer ,Bearer <key>",
    ),
  },
);

const otherHeaders = fc.oneof(
  { weight: 4, arbitrary: fc.constant<string[]>(["content-type: application/json"]) },
  {
    weight: 1,
    arbitrary: fc.subarray(
      [
        "content-type: application/json; charset=utf-16",
        'content-type: application/json; charset="\xff"',
        "content-type: text/plain",
        "content-type: multipart/form-data; boundary=",
        "content-type: a",
        "content-type:",
        "content-type: ;;;",
        "content-type: __proto__/constructor",
        "content-encoding: gzip",
        "accept: application/xml;q=0",
        "accept-encoding: identity;q=0, *;q=0",
        "accept-version: 2",
        "x-http-method-override: DELETE",
        "x-forwarded-for: \xff, 999.1.1.1",
        "x-request-id: \x80",
        "cookie: __proto__=1; constructor=2",
        "if-none-match: *",
        "range: bytes=0-0",
        "expect: 100-continue",
        "expect: nonsense",
        "te: trailers",
        "origin: null",
        "__proto__: x",
      ],
      { maxLength: 4 },
    ),
  },
);

const methodOf = ({ method }: Route<Scope>): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 20, arbitrary: fc.constant<string>(method) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"),
    },
  );

/** Any request to a route: with parts of each kind that are as they should be, or nearly, or not at all. */
export const requestTo = (route: Route<Scope>): fc.Arbitrary<ManagementRequest> =>
  fc
    .record({
      method: methodOf(route),
      path: pathOf(route),
      query: queryOf(route),
      authorization: authorizations,
      headers: otherHeaders,
      body: bodyOf(route),
    })
    .map(({ method, path, query, authorization, headers, body }) => ({
      route,
      method,
      target: query === "" ? path : `${path}?${query}`,
      headers: [authorization, ...headers],
      body: method === "GET" || method === "HEAD" ? "" : body,
      isAuthorized: /^authorization: ?bearer +<key> *$/i.test(authorization),
    }));
