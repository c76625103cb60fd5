import { expect, test } from "vitest";

import { startGateway } from "../support/gateway.ts";
import { makeSource } from "../support/journey.ts";
import { converse, latin1 } from "./_dialogue.ts";
import { bodyOf, readStoredSince } from "./_stored.ts";

/** A gateway with a source, and what one connection to it leads to. */
const open = async () => {
  const gateway = await startGateway();
  const source = await makeSource(gateway, { provider: "generic", require_signature: false });
  const port = Number(new URL(gateway.url).port);
  const head = `POST /in/${source.slug}`;
  return {
    first: `${head}?first HTTP/1.1\r\nhost: gateway.test\r\n`,
    head,
    /** What a smuggler hides behind, or inside, another request. */
    hidden: `${head}?hidden HTTP/1.1\r\nhost: gateway.test\r\ncontent-length: 0\r\n\r\n`,
    say: (text: string, answersWanted?: number) =>
      converse(port, { pieces: [latin1(text)], ...(answersWanted === undefined ? {} : { answersWanted }) }),
    stored: () => readStoredSince(gateway, source.id),
  };
};

const chunked = "transfer-encoding: chunked\r\n";
const abc = "3\r\nabc\r\n0\r\n\r\n";

type Rows = readonly (readonly [what: string, text: string])[];

/** What follows the first line and the host; `HIDDEN` is the smuggled request. */
const refused: Readonly<Record<string, Rows>> = {
  "content-length and transfer-encoding together": [
    ["CL.TE", `content-length: 6\r\n${chunked}\r\n0\r\n\r\nHIDDEN`],
    ["TE.CL", `${chunked}content-length: 4\r\n\r\n5c\r\nHIDDEN\r\n0\r\n\r\n`],
    ["CL.TE that agree", `content-length: 13\r\n${chunked}\r\n${abc}HIDDEN`],
    ["CL 0 and TE", `content-length: 0\r\n${chunked}\r\n${abc}HIDDEN`],
    ["CL and an empty TE", "content-length: 3\r\ntransfer-encoding:\r\n\r\nabcHIDDEN"],
    ["CL and an unknown TE", "content-length: 3\r\ntransfer-encoding: xchunked\r\n\r\nabcHIDDEN"],
    ["an unknown TE and CL", "transfer-encoding: identity\r\ncontent-length: 3\r\n\r\nabcHIDDEN"],
  ],
  "a transfer-encoding that is not plainly chunked": [
    ["another last", `transfer-encoding: chunked, identity\r\n\r\n${abc}HIDDEN`],
    ["another first", `transfer-encoding: identity, chunked\r\n\r\n${abc}HIDDEN`],
    ["gzip first", `transfer-encoding: gzip, chunked\r\n\r\n${abc}HIDDEN`],
    ["gzip alone", `transfer-encoding: gzip\r\n\r\n${abc}HIDDEN`],
    ["chunked twice in one", `transfer-encoding: chunked, chunked\r\n\r\n${abc}HIDDEN`],
    ["chunked in two", `${chunked}${chunked}\r\n${abc}HIDDEN`],
    ["another in a second, before", `transfer-encoding: x\r\n${chunked}\r\n${abc}HIDDEN`],
    ["another in a second, behind", `${chunked}transfer-encoding: x\r\n\r\n${abc}HIDDEN`],
    ["an empty second", `${chunked}transfer-encoding:\r\n\r\n${abc}HIDDEN`],
    ["a comma before", `transfer-encoding: ,chunked\r\n\r\n${abc}HIDDEN`],
    ["a comma behind", `transfer-encoding: chunked,\r\n\r\n${abc}HIDDEN`],
    ["a parameter", `transfer-encoding: chunked;q=1\r\n\r\n${abc}HIDDEN`],
    ["quotes", `transfer-encoding: "chunked"\r\n\r\n${abc}HIDDEN`],
    ["a letter before", `transfer-encoding: xchunked\r\n\r\n${abc}HIDDEN`],
    ["a letter behind", `transfer-encoding: chunkedx\r\n\r\n${abc}HIDDEN`],
    ["a letter too few", `transfer-encoding: chunke\r\n\r\n${abc}HIDDEN`],
    ["a vertical tab", `transfer-encoding: \x0bchunked\r\n\r\n${abc}HIDDEN`],
    ["a NUL", `transfer-encoding: chunked\0\r\n\r\n${abc}HIDDEN`],
    ["a no-break space", `transfer-encoding: \xa0chunked\r\n\r\n${abc}HIDDEN`],
    ["a bare CR before", `transfer-encoding: \rchunked\r\n\r\n${abc}HIDDEN`],
    ["a fold", `transfer-encoding:\r\n chunked\r\n\r\n${abc}HIDDEN`],
    ["a space before the colon", `transfer-encoding : chunked\r\n\r\n${abc}HIDDEN`],
    ["a space before the name", ` transfer-encoding: chunked\r\n\r\n${abc}HIDDEN`],
    ["hidden in the value of another", `x: y\rtransfer-encoding: chunked\r\n\r\n${abc}HIDDEN`],
    ["behind a bare LF", `x: y\ntransfer-encoding: chunked\r\n\r\n${abc}HIDDEN`],
    ["nothing", "transfer-encoding:\r\n\r\nHIDDEN"],
  ],
  "a content-length that is not one number": [
    ["the same twice", "content-length: 3\r\ncontent-length: 3\r\n\r\nabcHIDDEN"],
    ["two", "content-length: 3\r\ncontent-length: 100\r\n\r\nabcHIDDEN"],
    ["two, the greater first", "content-length: 100\r\ncontent-length: 3\r\n\r\nabcHIDDEN"],
    ["a list", "content-length: 3, 3\r\n\r\nabcHIDDEN"],
    ["a plus", "content-length: +3\r\n\r\nabcHIDDEN"],
    ["a minus", "content-length: -3\r\n\r\nabcHIDDEN"],
    ["minus nothing", "content-length: -0\r\n\r\nHIDDEN"],
    ["hexadecimal", "content-length: 0x3\r\n\r\nabcHIDDEN"],
    ["octal", "content-length: 0o3\r\n\r\nabcHIDDEN"],
    ["an exponent", "content-length: 3e0\r\n\r\nabcHIDDEN"],
    ["a fraction", "content-length: 3.0\r\n\r\nabcHIDDEN"],
    ["a space inside", "content-length: 3 0\r\n\r\nabcHIDDEN"],
    ["a separator", "content-length: 1_0\r\n\r\n0123456789HIDDEN"],
    ["a semicolon", "content-length: 3;\r\n\r\nabcHIDDEN"],
    ["full-width digits", "content-length: \xef\xbc\x93\r\n\r\nabcHIDDEN"],
    ["a vertical tab", "content-length: \x0b3\r\n\r\nabcHIDDEN"],
    ["a NUL", "content-length: 3\0\r\n\r\nabcHIDDEN"],
    ["2^64 + 3", "content-length: 18446744073709551619\r\n\r\nabcHIDDEN"],
    ["nothing", "content-length:\r\n\r\nHIDDEN"],
    ["words", "content-length: abc\r\n\r\nabcHIDDEN"],
    ["a fold", "content-length:\r\n 3\r\n\r\nabcHIDDEN"],
    ["a space before the colon", "content-length : 3\r\n\r\nabcHIDDEN"],
  ],
  "chunks that are none": [
    ["a bare LF behind a size", `${chunked}\r\n3\nabc\r\n0\r\n\r\nHIDDEN`],
    ["a bare LF behind data", `${chunked}\r\n3\r\nabc\n0\r\n\r\nHIDDEN`],
    ["a bare CR behind a size", `${chunked}\r\n3\rabc\r\n0\r\n\r\nHIDDEN`],
    ["a bare LF behind the last", `${chunked}\r\n3\r\nabc\r\n0\n\nHIDDEN`],
    ["a bare LF behind an extension", `${chunked}\r\n3;a\nabc\r\n0\r\n\r\nHIDDEN`],
    ["a bare CR in an extension", `${chunked}\r\n3;a\rb\r\nabc\r\n0\r\n\r\nHIDDEN`],
    ["a quoted line break in an extension", `${chunked}\r\n3;a="\r\n0\r\n\r\nHIDDEN"\r\nabc\r\n0\r\n\r\n`],
    ["an extension of 17,000 characters", `${chunked}\r\n3;${"a".repeat(17_000)}\r\nabc\r\n0\r\n\r\nHIDDEN`],
    ["nothing behind data", `${chunked}\r\n3\r\nabc0\r\n\r\nHIDDEN`],
    ["other bytes behind data", `${chunked}\r\n3\r\nabcXX0\r\n\r\nHIDDEN`],
    ["more data than its size", `${chunked}\r\n3\r\nabcd\r\n0\r\n\r\nHIDDEN`],
    ["a size above 2^64", `${chunked}\r\n10000000000000003\r\nabc\r\n0\r\n\r\nHIDDEN`],
    ["a size far above 2^64", `${chunked}\r\n${"f".repeat(40)}\r\nabc\r\n0\r\n\r\nHIDDEN`],
    ["0x", `${chunked}\r\n0x3\r\nabc\r\n0\r\n\r\nHIDDEN`],
    ["a plus", `${chunked}\r\n+3\r\nabc\r\n0\r\n\r\nHIDDEN`],
    ["a minus", `${chunked}\r\n-3\r\nabc\r\n0\r\n\r\nHIDDEN`],
    ["a space before the size", `${chunked}\r\n 3\r\nabc\r\n0\r\n\r\nHIDDEN`],
    ["a space behind the size", `${chunked}\r\n3 \r\nabc\r\n0\r\n\r\nHIDDEN`],
    ["a tab behind the size", `${chunked}\r\n3\t\r\nabc\r\n0\r\n\r\nHIDDEN`],
    ["no size", `${chunked}\r\n\r\nabc\r\n0\r\n\r\nHIDDEN`],
    ["no hexadecimal", `${chunked}\r\nxyz\r\nabc\r\n0\r\n\r\nHIDDEN`],
    ["a semicolon alone", `${chunked}\r\n3;\r\nabc\r\n0\r\n\r\nHIDDEN`],
    ["no line behind the last", `${chunked}\r\n3\r\nabc\r\n0\r\nHIDDEN`],
    ["a trailer without a colon", `${chunked}\r\n3\r\nabc\r\n0\r\ntrailer\r\n\r\nHIDDEN`],
    ["a trailer of another length", `${chunked}\r\n3\r\nabc\r\n0\r\ncontent-length: 100\r\n\r\nHIDDEN`],
  ],
  "a head that two servers read in two ways": [
    ["two hosts", "host: elsewhere.test\r\n\r\nHIDDEN"],
    ["two hosts that agree", "Host: gateway.test\r\n\r\nHIDDEN"],
    ["a name with a space behind it", "x : y\r\n\r\nHIDDEN"],
    ["a name with a space in it", "x y: z\r\n\r\nHIDDEN"],
    ["no name", ": y\r\n\r\nHIDDEN"],
    ["no colon", "xy\r\n\r\nHIDDEN"],
    ["a fold", "x: y\r\n z\r\n\r\nHIDDEN"],
    ["a fold with a tab", "x: y\r\n\tz\r\n\r\nHIDDEN"],
    ["a NUL in a value", "x: y\0z\r\n\r\nHIDDEN"],
    ["a NUL in a name", "x\0y: z\r\n\r\nHIDDEN"],
    ["a bare LF at its end", "x: y\r\n\nHIDDEN"],
    ["a bare CR in a value", "x: y\rz: 1\r\n\r\nHIDDEN"],
    ["a control character in a value", "x: \x01\r\n\r\nHIDDEN"],
    ["a DEL in a value", "x: \x7f\r\n\r\nHIDDEN"],
  ],
};

test("a request that two servers in a row could cut in two places is 400, ends the connection, and leaves nothing", async () => {
  const { first, hidden, say, stored } = await open();
  for (const [family, rows] of Object.entries(refused)) {
    for (const [row, text] of rows) {
      const what = `${family}: ${row}`;
      const { answers, rest, end } = await say(first + text.replace("HIDDEN", hidden));
      const [answer, ...more] = answers;
      expect([what, answer?.status, answer?.body]).toEqual([what, 400, '{"error":"Bad Request"}']);
      expect([what, answer?.headers["connection"], more, rest, end]).toEqual([what, "close", [], "", "closed"]);
      expect([what, answer?.headers]).toEqual([
        what,
        expect.objectContaining({
          "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
          "x-content-type-options": "nosniff",
          "content-security-policy": "sandbox; default-src 'none'",
        }),
      ]);
    }
  }
  expect(await stored()).toEqual([]);
});

test("a request line that is none is 400, ends the connection, and leaves nothing", async () => {
  const { head, hidden, say, stored } = await open();
  const host = "\r\nhost: gateway.test\r\n\r\n";
  const rows = [
    `${head} HTTP/2.0${host}`,
    `${head} HTTP/0.9${host}`,
    `${head} HTTP/1.2${host}`,
    `${head} HTTP/11.1${host}`,
    `${head} http/1.1${host}`,
    `${head} HTTP/1.1 ${host}`,
    `${head} ICE/1.0${host}`,
    `${head}${host}`,
    `${head} HTTP/1.1\nhost: gateway.test\n\n`,
    `${head}\tHTTP/1.1${host}`,
    `${head}?a b HTTP/1.1${host}`,
    `${head}?\0 HTTP/1.1${host}`,
    `${head}?\xff HTTP/1.1${host}`,
    ` ${head} HTTP/1.1${host}`,
    `${head.toLowerCase()} HTTP/1.1${host}`,
    `X${head} HTTP/1.1${host}`,
    `${head} HTTP/1.1\r\n\r\n`,
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "\0\0\0\0",
  ];
  for (const text of rows) {
    const { answers, end } = await say(text + hidden);
    expect([text, answers.map(({ status }) => status), end]).toEqual([text, [400], "closed"]);
  }
  expect(await stored()).toEqual([]);
});

test("HTTP/1.0 knows no transfer-encoding, needs no host, and ends its connection", async () => {
  const { head, hidden, say, stored } = await open();
  for (const more of ["", "connection: keep-alive\r\n"]) {
    const { answers, end } = await say(`${head} HTTP/1.0\r\nhost: x\r\n${more}${chunked}\r\n${abc}${hidden}`);
    expect([answers.map(({ status }) => status), end]).toEqual([[400], "closed"]);
  }
  const { answers, end } = await say(`${head} HTTP/1.0\r\ncontent-length: 3\r\n\r\nabc${hidden}`);
  expect([answers.map(({ status }) => status), end]).toEqual([[200], "closed"]);
  expect((await stored()).map((event) => bodyOf(event).toString())).toEqual(["abc"]);
});

/** All of them say `abc`, in a way that every server reads alike. */
const whole: Rows = [
  ["of a length", "content-length: 3\r\n\r\nabc"],
  ["of a length with white space around it", "content-length: \t3 \t\r\n\r\nabc"],
  ["of a length with zeros before it", "content-length: 0003\r\n\r\nabc"],
  ["in chunks", `${chunked}\r\n${abc}`],
  ["in CHUNKS", `Transfer-Encoding:\tCHUNKED \r\n\r\n${abc}`],
  ["in two chunks", `${chunked}\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n`],
  ["in chunks with zeros before their size", `${chunked}\r\n0000000003\r\nabc\r\n0000\r\n\r\n`],
  ["in chunks with extensions", `${chunked}\r\n3;a=b;c="d e"\r\nabc\r\n0;last\r\n\r\n`],
  ["in chunks with a trailer", `${chunked}\r\n3\r\nabc\r\n0\r\nx-trailer: y\r\n\r\n`],
  ["behind a question", "expect: 100-continue\r\ncontent-length: 3\r\n\r\nabc"],
  ["behind a question that nobody knows", "expect: nonsense\r\ncontent-length: 3\r\n\r\nabc"],
];

test("a body ends where it says, and the next request begins there", async () => {
  const { first, hidden, say, stored } = await open();
  const holdingOne = ["that holds a request", `content-length: ${hidden.length}\r\n\r\n${hidden}`] as const;
  for (const [what, text] of [...whole, holdingOne]) {
    const { answers } = await say(first + text + hidden, 2);
    expect([what, ...answers.map(({ status }) => status)]).toEqual([what, 200, 200]);
    const events = (await stored()).slice(-2);
    expect([what, ...events.map((event) => [event.query, bodyOf(event).toString()])]).toEqual([
      what,
      ["first", what === holdingOne[0] ? hidden : "abc"],
      ["hidden", ""],
    ]);
    // A trailer comes after the signature was judged: it is not a header.
    expect(events[0]!.headers).not.toContainEqual(["x-trailer", "y"]);
  }
});
