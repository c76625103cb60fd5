import { existsSync } from "node:fs";

import { expect, test } from "vitest";

import { commands } from "../../src/cli/commands.ts";
import { openShell } from "./shell.ts";

test.for(["help", "--help", "-h"])("%s shows every command and every option, and is a success", async (flag) => {
  const { code, out, err } = await openShell().postern(flag);
  expect(code).toBe(0);
  expect(err).toBe("");
  const lines = out.split("\n").map((line) => line.trim().replaceAll(/ {2,}/g, " "));
  for (const { name, summary } of commands) expect(lines).toContain(`${name} ${summary}`);
  for (const option of ["DATA_DIR", "SECRETS_KEY", "SHUTDOWN_SECONDS"]) expect(out).toContain(option);
});

test("without a command it shows the same, as an error", async () => {
  const shell = openShell();
  const { code, out, err } = await shell.postern();
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toBe((await shell.postern("help")).out);
});

test.for(commands.map(({ name }) => name))("%s explains itself, both ways", async (name) => {
  const shell = openShell();
  const words = name.split(" ");
  const asked = await shell.postern("help", ...words);
  expect(asked.code).toBe(0);
  expect(asked.out).toContain(`usage: postern ${name}`);
  expect(await shell.postern(...words, "--help")).toEqual(asked);
});

test("under npm, it tells how to call it by npm", async () => {
  const { out } = await openShell({ env: { npm_lifecycle_event: "postern" } }).postern("help", "backup");
  expect(out).toContain("usage: npm run -s postern -- backup FILE");
});

test("--version prints the version alone", async () => {
  expect(await openShell().postern("--version")).toEqual({ code: 0, out: "0.1.0\n", err: "" });
});

const mistakes: [string[], string][] = [
  [["nope"], 'there is no command "nope"; "postern help" shows all commands\n'],
  [["keys"], 'it is one of: keys create, keys list, keys revoke; "postern help" shows all commands\n'],
  [["keys", "delete"], 'it is one of: keys create, keys list, keys revoke; "postern help" shows all commands\n'],
  [["help", "nope"], 'there is no command "nope"; "postern help" shows all commands\n'],
  [["keys", "create"], "keys create: --name is missing\n"],
  [["keys", "create", "--name", "ci"], "keys create: --scopes is missing\n"],
  [["keys", "create", "--name"], "keys create: Option '--name <value>' argument missing\n"],
  [["keys", "create", "--nam", "ci"], "keys create: Unknown option '--nam'\n"],
  [["keys", "create", "ci"], "keys create: Unexpected argument 'ci'\n"],
  [
    ["keys", "create", "--name", "ci", "--scopes", "*", "--expires-in-days", "0"],
    "keys create: --expires-in-days must be a whole number from 1 to 3650\n",
  ],
  [["keys", "revoke"], "keys revoke: ID or PREFIX is missing\n"],
  [["keys", "revoke", "a", "b"], "keys revoke: only one ID or PREFIX can be given\n"],
  [["keys", "list", "--all"], "keys list: Unknown option '--all'\n"],
  [["backup"], "backup: FILE is missing\n"],
  [["secrets", "rotate", "now"], "secrets rotate: Unexpected argument 'now'\n"],
  [["serve", "--port", "1"], "serve: Unknown option '--port'\n"],
  [["doctor", "x"], "doctor: Unexpected argument 'x'\n"],
];

test.for(mistakes)("%j is a mistake: nothing is done, and the exit code is 2", async ([args, message]) => {
  const shell = openShell();
  const { code, out, err } = await shell.postern(...args);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err.startsWith(message)).toBe(true);
  if (err !== message) expect(err.slice(message.length)).toMatch(/^usage: postern .+\n$/);
  expect(existsSync(shell.dataDir)).toBe(false);
});

test("options that are wrong are all named, and no value of theirs is shown", async () => {
  const { code, out, err } = await openShell({ env: { PORT: "http", SECRETS_KEY: "hunter2" } }).postern("keys", "list");
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain("PORT must be a whole number");
  expect(err).toContain("SECRETS_KEY cannot be read");
  expect(err).not.toContain("hunter2");
});
