import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { Worker } from "node:worker_threads";

import { expect, onTestFinished, test, vi } from "vitest";

import { trackLeaks } from "./leak-tracker.ts";

const fresh = () => {
  const tracker = trackLeaks();
  onTestFinished(tracker.stop);
  return tracker;
};

test("runs on the project's own Node, with garbage collection at hand", () => {
  expect(process.versions.node.split(".")[0]).toBe("26");
  expect(typeof globalThis.gc).toBe("function");
});

test("sees a server and both ends of a connection until they are closed, unreferenced or not", async () => {
  const tracker = fresh();
  const server = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
  server.unref();
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(server, "connection");
  client.unref();
  expect(tracker.alive()).toEqual(["accepted connection", "listening server", "opened connection"]);

  client.destroy();
  server.close();
  await vi.waitFor(() => expect(tracker.alive()).toEqual([]));
});

test("sees a worker until it exits", async () => {
  const tracker = fresh();
  const worker = new Worker("setInterval(() => {}, 1000)", { eval: true });
  worker.unref();
  expect(tracker.alive()).toEqual(["worker thread"]);

  await worker.terminate();
  expect(tracker.alive()).toEqual([]);
});

test("sees a child process until it exits", async () => {
  const tracker = fresh();
  const child = spawn(process.execPath, ["-e", "process.stdin.resume()"]);
  expect(tracker.alive()).toContain("child process");

  child.stdin.end();
  await once(child, "close");
  await vi.waitFor(() => expect(tracker.alive()).toEqual([]));
});

test("sees a UDP socket until it is closed", async () => {
  const tracker = fresh();
  const socket = createSocket("udp4");
  expect(tracker.alive()).toEqual(["UDP socket"]);

  socket.close();
  await vi.waitFor(() => expect(tracker.alive()).toEqual([]));
});
