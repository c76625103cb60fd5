import { expect, test } from "vitest";

import { startGateway } from "../support/gateway.ts";
import { makeSource } from "../support/journey.ts";
import { openWire, postText } from "../support/wire.ts";
import { converse, latin1 } from "./_dialogue.ts";
import { readStoredSince } from "./_stored.ts";

const open = async () => {
  const gateway = await startGateway();
  const source = await makeSource(gateway, { provider: "generic", require_signature: false });
  const port = Number(new URL(gateway.url).port);
  const path = `/in/${source.slug}`;
  return {
    port,
    path,
    post: (headers: readonly string[], query = "") => postText(`${path}${query}`, "{}", headers),
    say: (text: string, answersWanted = 1) => converse(port, { pieces: [latin1(text)], answersWanted }),
    stored: () => readStoredSince(gateway, source.id),
  };
};

const headers = (count: number, name = "x", value = "y"): string[] =>
  Array.from({ length: count }, (_, at) => `${name}${at}: ${value}`);

test("a head beyond its limit is 431 and ends the connection, however it came to be so large", async () => {
  const { path, port, post, say, stored } = await open();
  const large: readonly (readonly [what: string, text: string])[] = [
    ["one value", post([`x: ${"x".repeat(17_000)}`])],
    ["one name", post([`${"x".repeat(17_000)}: y`])],
    ["the target", post([], `?${"x".repeat(17_000)}`)],
    ["many headers", post(headers(4_000, "x", ""))],
    ["the same header many times", post(Array.from({ length: 4_000 }, () => "x: y"))],
    ["many signatures", post(Array.from({ length: 600 }, () => `x-hub-signature-256: sha256=${"0".repeat(64)}`))],
    ["a head without an end", `POST ${path} HTTP/1.1\r\nhost: x\r\n${"x: y\r\n".repeat(5_000)}`],
    ["a value without an end", `POST ${path} HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(20_000)}`],
    ["a method without an end", "P".repeat(20_000)],
  ];
  // Somebody who is in the middle of a request meanwhile.
  const neighbour = await openWire(port);
  await neighbour.send(`POST ${path}?neighbour HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{`);
  for (const [what, text] of large) {
    const { answers, end } = await say(text, Infinity);
    const status = what === "a method without an end" ? 400 : 431;
    expect([what, answers.map((answer) => answer.status), end]).toEqual([what, [status], "closed"]);
  }
  await neighbour.send("}");
  expect((await neighbour.answer()).status).toBe(200);
  expect((await stored()).map(({ query }) => query)).toEqual(["neighbour"]);
});

test("a head within its limit is stored whole: no header is dropped", async () => {
  const { post, say, stored } = await open();
  const fitting: readonly (readonly string[])[] = [
    headers(300),
    Array.from({ length: 300 }, (_, at) => `x: ${at}`),
    [`x: ${"y".repeat(12_000)}`],
    headers(100, "x-name-of-some-length-", "z".repeat(80)),
  ];
  for (const lines of fitting) expect((await say(post(lines))).answers[0]!.status).toBe(200);
  const kept = (await stored()).map((event) => event.headers.map(([name, value]) => `${name}: ${value}`));
  expect(kept).toEqual(fitting.map((lines) => ["host: gateway.test", ...lines, "content-length: 2"]));
  // However many those may be.
  let [fits, tooMany] = [300, 4_000];
  while (tooMany - fits > 1) {
    const count = Math.floor((fits + tooMany) / 2);
    const [answer] = (await say(post(headers(count, "n")))).answers;
    if (answer!.status === 200) {
      expect((await stored()).at(-1)!.headers).toHaveLength(count + 2);
      fits = count;
    } else {
      expect(answer!.status).toBe(431);
      tooMany = count;
    }
  }
  expect(fits).toBeGreaterThan(300);
});
