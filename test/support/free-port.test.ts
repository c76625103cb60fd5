import { expect, onTestFinished, test } from "vitest";

import { createChildren } from "../../harness/children.ts";
import { freePort } from "../../harness/free-port.ts";

const askedFor = 400;

/** What a process of its own is given; it keeps its ports until its standard input ends. */
const program = `
  import { freePort } from ${JSON.stringify(new URL("../../harness/free-port.ts", import.meta.url).href)};
  const ports = await Promise.all(Array.from({ length: ${askedFor} }, freePort));
  console.log(JSON.stringify(ports));
  process.stdin.resume();
`;

test("a port is given to one who asks, whichever process that is, and is none that systems give to who asks for any", async () => {
  const children = createChildren();
  onTestFinished(() => children.killAll());
  const child = children.start({
    command: ["--input-type=module", "--eval", program],
    stdio: ["pipe", "pipe", "inherit"],
  });
  const said = new Promise<string>((resolve) => child.stdout?.once("data", (chunk) => resolve(String(chunk))));
  const ours = await Promise.all(Array.from({ length: askedFor }, freePort));
  const theirs = JSON.parse(await said) as readonly number[];
  expect(new Set([...ours, ...theirs]).size).toBe(2 * askedFor);
  expect(Math.max(...ours, ...theirs)).toBeLessThan(32_768);
});
