import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { openControlSocket } from "../../src/api/control-socket.ts";
import { createControl } from "../../src/api/control.ts";
import { askServer } from "../../src/cli/_client.ts";
import { holdLock } from "../../src/db/sqlite/lock.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { socketAddress } from "../../src/lib/socket-path.ts";
import { startChild } from "../support/child.ts";
import { freshDirectory } from "../support/store.ts";
import { openShell } from "./shell.ts";

const never = () => Promise.reject(new Error("not asked"));

/** Operations that no test here runs, but one that waits. */
const control = (rotateSecrets: () => Promise<never> = never) =>
  createControl({
    access: { createKey: never, listKeys: never, revokeKey: never, setTeamLimits: never },
    accounts: { inviteOwner: never },
    publicUrl: "https://hooks.example.com",
    rotateSecrets,
    backUp: never,
    migrated: { fromVersion: 1, toVersion: 1, backupPath: null },
    version: "0.1.0",
    processId: 7,
  });

const listen = async (path: string, of = control()) => {
  const socket = await openControlSocket(path, of);
  onTestFinished(() => socket.close());
  return socket;
};

test("only its owner can connect, and it is gone when the gateway ends", async () => {
  const path = join(freshDirectory(), "control.sock");
  const socket = await listen(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await askServer(path, "about", {})).toEqual({ ok: true, result: { version: "0.1.0", processId: 7 } });
  await socket.close();
  expect(existsSync(path)).toBe(false);
  expect(await askServer(path, "about", {})).toBeNull();
});

test("a socket that a killed gateway left behind stops neither a command nor the next gateway", async () => {
  const shell = openShell();
  mkdirSync(shell.dataDir, { mode: 0o700 });
  const path = join(shell.dataDir, "control.sock");
  const killed = startChild("cli/listen-forever.ts", path);
  await killed.waitForLines(1);
  await killed.kill();
  expect(existsSync(path)).toBe(true);

  expect(await shell.postern("keys", "list")).toMatchObject({ code: 0 });
  await shell.startControl();
  expect(await askServer(path, "about", {})).toMatchObject({ ok: true });
});

test("what is no socket is taken for no gateway", async () => {
  const shell = openShell();
  mkdirSync(shell.dataDir, { mode: 0o700 });
  writeFileSync(join(shell.dataDir, "control.sock"), "");
  expect(await shell.postern("keys", "list")).toMatchObject({ code: 0 });
});

test("an unknown operation, a wrong input and a failure are answers", async () => {
  const path = join(freshDirectory(), "control.sock");
  await listen(path);
  expect(await askServer(path, "keys.steal", {})).toEqual({
    ok: false,
    message: 'Postern 0.1.0 knows no operation "keys.steal"',
  });
  expect(await askServer(path, "keys.revoke", { id: 1 })).toMatchObject({
    ok: false,
    message: expect.stringMatching(/^the input is invalid: /),
  });
  expect(await askServer(path, "keys.list", {})).toEqual({ ok: false, message: "not asked" });
});

test("a gateway that ends before it answers leaves nobody waiting, or believing that nothing was done", async () => {
  const path = join(freshDirectory(), "control.sock");
  const server = createServer((connection) => connection.destroy()).listen(path);
  onTestFinished(() => void server.close());
  await once(server, "listening");
  await expect(askServer(path, "secrets.rotate", {})).rejects.toMatchObject({
    message: 'the gateway ended before it answered: "secrets.rotate" may have been done or not; look, then try again',
  });
});

test("what listens and is no gateway is not believed", async () => {
  const path = join(freshDirectory(), "control.sock");
  const server = createServer((connection) => {
    connection.resume().end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}");
  }).listen(path);
  onTestFinished(() => void server.close());
  await once(server, "listening");
  await expect(askServer(path, "about", {})).rejects.toMatchObject({
    message: "what listens on the control socket does not answer as a gateway of this version",
  });
});

test("an operation under way ends before the socket closes", async () => {
  const path = join(freshDirectory(), "control.sock");
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<never>();
  const socket = await listen(
    path,
    control(() => {
      begun.resolve();
      return gate.promise;
    }),
  );
  const asked = askServer(path, "secrets.rotate", {});
  await begun.promise;
  const closed = socket.close();
  gate.reject(new Error("done after all"));
  expect(await asked).toEqual({ ok: false, message: "done after all" });
  await closed;
});

test("a process that holds DATA_DIR and does not answer is waited for, for a while", async () => {
  // A clock on which no wait takes any time.
  let nowMs = 0;
  const clock = {
    ...systemClock,
    monotonicMs: () => nowMs,
    after: (delayMs: number, run: () => void) => {
      nowMs += delayMs;
      return systemClock.after(0, run);
    },
  };
  const shell = openShell({ clock });
  const lock = holdLock(shell.dataDir);
  expect(await shell.postern("keys", "list")).toEqual({
    code: 1,
    out: "",
    err: `another process uses ${shell.dataDir}; stop it, or choose another DATA_DIR\n`,
  });
  expect(nowMs).toBeGreaterThanOrEqual(5_000);
  lock.release();
  expect(await shell.postern("keys", "list")).toMatchObject({ code: 0 });
});

test("commands that run at once take turns", async () => {
  const shell = openShell();
  const made = await Promise.all(
    ["a", "b", "c"].map((name) => shell.postern("keys", "create", "--name", name, "--scopes", "*")),
  );
  expect(made.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect((await shell.postern("keys", "list")).out.trim().split("\n")).toHaveLength(4);
});

test("a path that is too long for a socket is named from the working directory, or refused", () => {
  const deep = `/${"d".repeat(100)}/data`;
  expect(socketAddress("/data/control.sock", "/")).toBe("/data/control.sock");
  expect(socketAddress(`${deep}/control.sock`, deep)).toBe("control.sock");
  expect(() => socketAddress(`${deep}/control.sock`, "/")).toThrow(
    /^\/d+\/data\/control.sock has 119 bytes, and a socket's path may have 10[37]; choose a shorter DATA_DIR$/,
  );
  // Bytes count, not characters.
  expect(() => socketAddress(`/${"ü".repeat(60)}/control.sock`, "/")).toThrow("has 134 bytes");
});

test("a DATA_DIR that is too long says so", async () => {
  const shell = openShell({ env: { DATA_DIR: join(freshDirectory(), "d".repeat(120)) } });
  expect(await shell.postern("keys", "list")).toMatchObject({
    code: 1,
    err: expect.stringContaining("choose a shorter DATA_DIR"),
  });
});

test("the longest path that is allowed works", async () => {
  const directory = freshDirectory();
  const longest = process.platform === "linux" ? 107 : 103;
  const name = "d".repeat(longest - directory.length - "//control.sock".length);
  const shell = openShell({ env: { DATA_DIR: join(directory, name) } });
  await shell.startControl();
  expect(Buffer.byteLength(join(shell.dataDir, "control.sock"))).toBe(longest);
  chmodSync(shell.dataDir, 0o700);
  expect(await shell.postern("keys", "create", "--name", "a", "--scopes", "*")).toMatchObject({ code: 0 });
});
