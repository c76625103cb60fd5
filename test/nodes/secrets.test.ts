import { expect, test } from "vitest";

import { eventually } from "../support/engine.ts";
import { sealingKeysText } from "../support/sealing-keys.ts";
import { freshDirectory } from "../support/store.ts";
import { makeSource, startNode } from "./_nodes.ts";

const newKey = `new:${Buffer.alloc(32, 9).toString("base64")}`;
const both = `${newKey},${sealingKeysText}`;

test("a rotation waits until every node has the new key, and then seals everything with it", async () => {
  const directory = freshDirectory();
  const old = await startNode(directory);
  await makeSource(old);
  const first = await startNode(directory, { environment: { SECRETS_KEY: both } });
  const rotation = first.core.rotateSecrets();
  let isDone = false;
  void rotation.then(() => (isDone = true));
  await startNode(directory, { environment: { SECRETS_KEY: both } });
  expect(isDone).toBe(false);
  await old.stop();
  expect(await rotation).toMatchObject({ keyId: "new", older: { fate: "removable" } });
});

test(
  "a rotation does nothing while a node does not have the new key, and says which",
  { timeout: 120_000 },
  async () => {
    const directory = freshDirectory();
    const old = await startNode(directory);
    const first = await startNode(directory, { environment: { SECRETS_KEY: both } });
    await expect(first.core.rotateSecrets()).rejects.toMatchObject({
      code: "nodes_without_key",
      message: expect.stringContaining(`do not seal with "new"`),
    });
    await eventually(async () => expect((await old.request("GET", "/readyz")).status).toBe(200));
  },
);
