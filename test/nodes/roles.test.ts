import { expect, test } from "vitest";

import { loadConfig } from "../../src/config.ts";
import { eventually } from "../support/engine.ts";
import { startReceiver } from "../support/receiver.ts";
import { freshDirectory } from "../support/store.ts";
import { bucketsOf, makeDestination, makeSource, startNode } from "./_nodes.ts";

test("nodes that manage, take events and deliver do that together, and nothing else", async () => {
  await using receiver = await startReceiver();
  const directory = freshDirectory();
  const manager = await startNode(directory, { environment: { ROLE: "api" } });
  const door = await startNode(directory, { environment: { ROLE: "ingest" } });
  const worker = await startNode(directory, { environment: { ROLE: "worker" } });
  await eventually(() => expect(bucketsOf(worker)).toHaveLength(64));
  expect([manager, door].flatMap(bucketsOf)).toEqual([]);
  const source = await makeSource(manager);
  await makeDestination(manager, source, { url: receiver.url });
  expect((await door.request("POST", source.path, {})).status).toBe(200);
  await receiver.waitFor(1);

  for (const node of [manager, worker]) expect((await node.request("POST", source.path, {})).status).toBe(404);
  for (const node of [door, worker]) {
    expect((await node.request("GET", "/webhooks/sources")).status).toBe(404);
    expect((await node.request("GET", "/docs")).status).toBe(404);
  }
  expect((await manager.request("GET", "/webhooks/sources")).status).toBe(200);
  for (const node of [manager, door, worker]) {
    expect((await node.request("GET", "/healthz")).status).toBe(200);
    expect((await node.request("GET", "/readyz")).status).toBe(200);
  }
});

test("an embedded store has one node, which does everything", () => {
  const loaded = loadConfig({ ROLE: "worker" });
  expect(loaded).toMatchObject({ ok: false, problems: [expect.stringContaining("ROLE must be all")] });
});
