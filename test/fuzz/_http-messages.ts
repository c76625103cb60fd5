import { gzipSync } from "node:zlib";

import * as fc from "fast-check";

import { latin1 } from "./_dialogue.ts";
import { oddJson, oddNumbers, oddText, prototypeNames } from "./_odd-texts.ts";

/** Text of a message, one character per byte. */
type Text = string;

const utf8 = (text: string): Text => Buffer.from(text, "utf8").toString("latin1");

const oneIn = (count: number, odd: fc.Arbitrary<Text>, usual: fc.Arbitrary<Text>): fc.Arbitrary<Text> =>
  fc.oneof({ weight: count - 1, arbitrary: usual }, { weight: 1, arbitrary: odd });

/** Bytes that are UTF-8 of nothing: halves of pairs, over-long forms, bytes that never occur, cut characters. */
const notUtf8 = fc.constantFrom("\xed\xa0\x80", "\xc0\x80", "\xff\xfe", "\xf4\x90\x80\x80", "\xe2\x82", "\x80");

const method = oneIn(
  8,
  fc.constantFrom("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "post", "P", "", "P\0ST"),
  fc.constant("POST"),
);

const query = oneIn(
  3,
  fc.oneof(
    fc.stringMatching(/^[!-~]{0,60}$/),
    oddText.map((text) => new URLSearchParams([[text, text]]).toString()),
    fc.constantFrom("a=%00&a=%ff&=&&%zz", "%", "?", "a#b", "__proto__=1&constructor=2", "a b", "\xff", "\0"),
  ),
  fc.stringMatching(/^[a-z0-9=&]{0,12}$/),
);

const targetOf = (slug: string): fc.Arbitrary<Text> => {
  const own = `/in/${slug}`;
  const others = [
    "/in",
    "/in/",
    "/in/__proto__",
    "/in/%00",
    "/in/..%2f",
    `/in/../in/${slug}`,
    `${own}/`,
    `/in/${encodeURIComponent(slug).replace("w", "%77")}`,
    `http://gateway.test${own}`,
    `HTTP://[::1]:80${own}?x`,
    "*",
    "/",
    "//",
    `//in/${slug}`,
    "/%zz",
    "/api/v1/webhooks/sources",
    "/api/v1/webhooks/sources/%00",
    "/healthz",
    "/healthz/",
    "/metrics?x",
    "/docs",
    "javascript:alert(1)",
    "",
    `${own}?${"x".repeat(17_000)}`,
  ];
  const usual = fc.tuple(fc.constant(own), query).map(([path, text]) => (text === "" ? path : `${path}?${text}`));
  return oneIn(8, fc.constantFrom(...others), usual);
};

const version = oneIn(
  15,
  fc.constantFrom("HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "http/1.1", "HTTP/1.1 ", "", "HTTP/1.1\t"),
  fc.constant("HTTP/1.1"),
);

const names = [
  ...prototypeNames,
  "content-type",
  "content-encoding",
  "content-language",
  "x-event-type",
  "x-twice",
  "x-signature",
  "x-hub-signature-256",
  "stripe-signature",
  "webhook-id",
  "x-krafter-signature",
  "x-forwarded-for",
  "x-request-id",
  "authorization",
  "cookie",
  "te",
  "trailer",
  "keep-alive",
  "proxy-connection",
  "accept-encoding",
  "if-none-match",
  "range",
];

const headerName = oneIn(
  25,
  fc.constantFrom("", " ", "a b", "a\t", "a\0", "caf\xe9", "a(b)", "\x7f", " x", "x".repeat(20_000)),
  fc.oneof(fc.constantFrom(...names), fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/)),
);

const headerValue = oneIn(
  25,
  fc.constantFrom("a\0b", "\0", "a\rb", "a\nb", "a\r\n b", "\r\n\tb", "\x01", "\x7f", "x".repeat(20_000)),
  fc.oneof(
    fc.stringMatching(/^[\t -~\x80-\xff]{0,40}$/),
    fc.constantFrom(...oddNumbers),
    oddText.map((text) => utf8(text).replaceAll(/[\0-\x08\x0a-\x1f\x7f]/g, "")),
    notUtf8,
    fc.constantFrom("gzip", "identity;q=0", "text/plain; charset=\xff", "x".repeat(3_000), "bytes=0-1", "*"),
  ),
);

const blank = fc.constantFrom("", " ", "\t", "  \t");

const headerLine = fc
  .tuple(headerName, blank, headerValue, blank)
  .map(([name, before, value, behind]) => `${name}:${before}${value}${behind}\r\n`);

/** What asks something of the connection. */
const connectionLine = fc.constantFrom(
  "",
  "",
  "",
  "",
  "",
  "expect: 100-continue\r\n",
  "Expect: nonsense\r\n",
  "connection: close\r\n",
  "connection: keep-alive, x-twice\r\n",
  "upgrade: websocket\r\n",
  "connection: \xff,,close\r\n",
);

const hostLine = oneIn(
  20,
  fc.constantFrom("", "host:\r\n", "host: a\r\nhost: b\r\n", "host: \xff/%00\r\n", "Host: in.example.com:99999\r\n"),
  fc.constant("host: gateway.test\r\n"),
);

const body: fc.Arbitrary<Text> = fc.oneof(
  oddJson.map(utf8),
  oddText.map((type) => utf8(JSON.stringify({ type, id: type, event_type: type, event: { type } }))),
  fc.constantFrom(...oddNumbers).map((number) => `{"type":${number},"type":"last","id":${number}}`),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  oddJson.map((text) => `\xff\xfe${Buffer.from(text, "utf16le").toString("latin1")}`),
  oddJson.map((text) => gzipSync(text).toString("latin1")),
  notUtf8.map((bytes) => `{"type":"${bytes}"}`),
  fc.constantFrom("", "a=1&b=2", "x".repeat(4_096), "x".repeat(4_097), "x".repeat(9_000)),
);

const inChunks = (text: Text, sizes: readonly number[], extension: string, trailer: string): Text => {
  const pieces: Text[] = [];
  let rest = text;
  for (const size of sizes) {
    if (rest === "") break;
    pieces.push(rest.slice(0, size));
    rest = rest.slice(size);
  }
  if (rest !== "") pieces.push(rest);
  const written = pieces.map((piece) => `${piece.length.toString(16)}${extension}\r\n${piece}\r\n`);
  return `transfer-encoding: chunked\r\n\r\n${written.join("")}0\r\n${trailer}\r\n`;
};

const extensions = fc.constantFrom("", "", "", ";a", ";a=b", ';a="b c"', ";", "; a", ";a=\xff", " ", ";a\n");
const trailers = fc.constantFrom("", "", "", "x-trailer: y\r\n", "trailer\r\n", "content-length: 9\r\n", "x: \0\r\n");

const chunked = fc
  .tuple(body, fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 4 }), extensions, trailers)
  .map(([text, sizes, extension, trailer]) => inChunks(text, sizes, extension, trailer));

/** Ways to say where a body ends that are wrong, or that somebody could misread. */
const oddlyFramed = fc
  .tuple(
    body,
    fc.constantFrom<((text: Text) => Text)[]>(
      (text) => `content-length: ${text.length + 1}\r\n\r\n${text}`,
      (text) => `content-length: ${text.length + 5_000}\r\n\r\n${text}`,
      (text) => `content-length: ${Math.max(0, text.length - 1)}\r\n\r\n${text}`,
      (text) => `content-length: 00${text.length}\r\n\r\n${text}`,
      (text) => `content-length: +${text.length}\r\n\r\n${text}`,
      (text) => `content-length: 0x${text.length.toString(16)}\r\n\r\n${text}`,
      (text) => `content-length: ${text.length}, ${text.length}\r\n\r\n${text}`,
      (text) => `content-length: ${text.length}\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
      (text) => `content-length: 18446744073709551615\r\n\r\n${text}`,
      (text) => `content-length: 9007199254740993\r\n\r\n${text}`,
      (text) => `content-length:\r\n\r\n${text}`,
      (text) => `content-length: ${text.length}\r\n${inChunks(text, [], "", "")}`,
      (text) => `transfer-encoding: gzip\r\n${inChunks(text, [], "", "")}`,
      (text) => `transfer-encoding: gzip, chunked\r\n\r\n${inChunks(text, [], "", "").slice(30)}`,
      (text) => inChunks(text, [], "", "").replace("chunked", "\x0bchunked"),
      (text) => inChunks(text, [], "", "").replace("chunked", "Chunked"),
      (text) => inChunks(text, [], "", "").replace("0\r\n\r\n", "0\n\n"),
      (text) => inChunks(text, [], "", "").replace(/\r\n\r\n.*\r\n/, "\r\n\r\nffffffffffffffff\r\n"),
      (text) => inChunks(text, [], "", "").replace(/\r\n\r\n.*\r\n/, "\r\n\r\n10000000000000000\r\n"),
      (text) => `\r\n${text}`,
    ),
  )
  .map(([text, frame]) => frame(text));

const ofLength = body.map((text) => `content-length: ${text.length}\r\n\r\n${text}`);

/** The framing headers, the end of the head, and the body. */
const tail = fc.oneof(
  { weight: 10, arbitrary: ofLength },
  { weight: 5, arbitrary: chunked },
  // Not in chunks: of a broken one Node says nothing until the time for the request is over.
  { weight: 1, arbitrary: ofLength.map((text) => `connection: upgrade\r\nupgrade: h2c\r\n${text}`) },
  { weight: 2, arbitrary: oddlyFramed },
  { weight: 1, arbitrary: fc.constant("\r\n") },
);

/** A request to a source's URL: most are whole, many are odd, some are none. */
const messageTo = (slug: string): fc.Arbitrary<Text> =>
  fc
    .tuple(
      fc.tuple(method, targetOf(slug), version).map((parts) => parts.join(" ")),
      hostLine,
      fc.array(headerLine, { maxLength: 6 }),
      connectionLine,
      tail,
    )
    .map(([first, host, headers, connection, rest]) => `${first}\r\n${host}${headers.join("")}${connection}${rest}`);

/** A change of one byte, at a share of the whole. */
const spoil = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  how: fc.constantFrom("flip", "insert", "remove", "repeat"),
  byte: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 9, 10, 13, 32, 44, 58, 59)),
});

type Spoil = { readonly at: number; readonly how: string; readonly byte: number };

const spoilt = (bytes: Buffer, { at, how, byte }: Spoil): Buffer => {
  const index = Math.min(bytes.length, Math.floor(at * bytes.length));
  const [front, back] = [bytes.subarray(0, index), bytes.subarray(index)];
  switch (how) {
    case "insert":
      return Buffer.concat([front, Buffer.from([byte]), back]);
    case "remove":
      return Buffer.concat([front, back.subarray(1)]);
    case "repeat":
      return Buffer.concat([front, back.subarray(0, 8), back]);
    default:
      return Buffer.concat([
        front,
        Buffer.from(back.length > 0 ? [back[0]! ^ (1 << (byte % 8))] : []),
        back.subarray(1),
      ]);
  }
};

/** What a sender writes on one connection, and where its packets end, as shares of the whole. */
export type Sending = { readonly bytes: Buffer; readonly cuts: readonly number[] };

/** A few requests on one connection, some of them with a few bytes spoilt. */
export const sendingTo = (slug: string): fc.Arbitrary<Sending> =>
  fc
    .record({
      texts: fc.array(messageTo(slug), { minLength: 1, maxLength: 3 }),
      spoils: fc.oneof(
        { weight: 3, arbitrary: fc.constant<Spoil[]>([]) },
        { weight: 1, arbitrary: fc.array(spoil, { minLength: 1, maxLength: 3 }) },
      ),
      cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
    })
    .map(({ texts, spoils, cuts }) => {
      let bytes = latin1(texts.join(""));
      for (const each of spoils) bytes = spoilt(bytes, each);
      return { bytes, cuts };
    });

/** The bytes in packets. */
export const piecesOf = ({ bytes, cuts }: Sending): Buffer[] => {
  const ends = [...cuts.map((cut) => Math.floor(cut * bytes.length)), bytes.length].toSorted((a, b) => a - b);
  return ends.map((end, at) => bytes.subarray(at === 0 ? 0 : ends[at - 1]!, end));
};
