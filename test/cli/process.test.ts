import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { freshDirectory } from "../support/store.ts";
import { startProcess } from "./shell.ts";

const environment = (): Record<string, string> => ({
  DATA_DIR: join(freshDirectory(), "data"),
  HOST: "127.0.0.1",
  PORT: "0",
  DISK_FREE_MIN_BYTES: "0",
});

test("a gateway starts for the first time, takes commands, and ends at SIGTERM", async () => {
  const env = environment();
  const gateway = startProcess(["serve"], env);
  await gateway.hears("before production");
  const dataDir = env["DATA_DIR"]!;
  expect(gateway.said.out).toBe("");
  expect(gateway.said.err).toMatch(/listens on +127\.0\.0\.1:[1-9]\d*, known as http:\/\/localhost/);
  expect(gateway.said.err).toContain(join(dataDir, "postern.db"));
  expect(gateway.said.err).toContain("postern keys create --name first --scopes webhooks:write");

  const { code, out } = await startProcess(["keys", "create", "--name", "ci", "--scopes", "*"], env).ended;
  expect(code).toBe(0);
  expect(out).toMatch(/^kr_live_[A-Za-z0-9_-]{43}\n$/);
  // Everything that it makes is its owner's alone, whatever the umask of the shell.
  const modes = readdirSync(dataDir).map((name) => statSync(join(dataDir, name)).mode & 0o077);
  expect(modes.every((mode) => mode === 0)).toBe(true);
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);

  gateway.kill("SIGTERM");
  const ended = await gateway.ended;
  expect(ended.code).toBe(0);
  expect(ended.err).toMatch(/"stopped"|stopped/);
  expect(ended.err).not.toContain(out.trim());
  expect(existsSync(join(dataDir, "control.sock"))).toBe(false);
});

test("a second start greets nobody; SIGINT ends it, too; a killed one is followed by the next", async () => {
  const env = environment();
  expect((await startProcess(["migrate"], env).ended).code).toBe(0);
  const killed = startProcess(["serve"], env);
  await killed.hears("started");
  killed.kill("SIGKILL");
  await killed.ended;
  expect(existsSync(join(env["DATA_DIR"]!, "control.sock"))).toBe(true);

  const next = startProcess(["serve"], env);
  await next.hears("started");
  next.kill("SIGINT");
  const ended = await next.ended;
  expect(ended.code).toBe(0);
  expect(ended.err).not.toContain("first start");
});

test("an older Node is refused with one sentence, before anything else is loaded", async () => {
  const older = `data:text/javascript,${encodeURIComponent(
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "24.11.1" } });',
  )}`;
  expect(await startProcess(["keys", "list"], environment(), ["--import", older]).ended).toEqual({
    code: 1,
    out: "",
    err: 'Postern needs Node 24.12 or newer and this is 24.11.1; "npm start" uses its own.\n',
  });
});

test("a port that is taken is told, and nothing is left running", async () => {
  const env = environment();
  const first = startProcess(["serve"], env);
  await first.hears("listens on");
  const port = /127\.0\.0\.1:(\d+)/.exec(first.said.err)![1]!;
  const second = await startProcess(["serve"], { ...environment(), PORT: port }).ended;
  expect(second.code).toBe(1);
  expect(second.err).toContain(port);
});
