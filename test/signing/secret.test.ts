import { expect, test } from "vitest";

import { createSystemRandom } from "../../src/lib/random.ts";
import { webhookKey } from "../../src/lib/webhook-key.ts";
import { generateSecret } from "../../src/signing/secret.ts";

test("a generated secret is whsec_ and 32 bytes in base64, which are its Standard Webhooks key", () => {
  const drawn = Buffer.alloc(32, 7);
  const secret = generateSecret({ bytes: (count) => drawn.subarray(0, count) });
  expect(secret).toBe(`whsec_${drawn.toString("base64")}`);
  expect(webhookKey(secret)).toEqual(drawn);
});

test("no two generated secrets are alike", () => {
  const random = createSystemRandom();
  const secrets = Array.from({ length: 1000 }, () => generateSecret(random));
  expect(new Set(secrets).size).toBe(1000);
});
