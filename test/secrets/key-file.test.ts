import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { createSystemRandom } from "../../src/lib/random.ts";
import { newSealingKey } from "../../src/lib/sealing.ts";
import { readKeyFile, writeKeyFile } from "../../src/secrets/key-file.ts";
import { freshDirectory } from "../support/store.ts";

const random = createSystemRandom();
const first = newSealingKey(random);
const second = newSealingKey(random);

test("keys are read as they were written, in order, from a file that is its owner's alone", async () => {
  const directory = freshDirectory();
  const path = join(directory, "secrets.key");
  await writeKeyFile(path, [first, second]);
  expect(await readKeyFile(path)).toEqual([first, second]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await writeKeyFile(path, [second]);
  expect(await readKeyFile(path)).toEqual([second]);
  expect(readdirSync(directory)).toEqual(["secrets.key"]);
});

test("there is nothing to read where there is no file", async () => {
  expect(await readKeyFile(join(freshDirectory(), "secrets.key"))).toBeNull();
});

test("a write that was cut off leaves the file as it was, and does not stop the next one", async () => {
  const path = join(freshDirectory(), "secrets.key");
  await writeKeyFile(path, [first]);
  writeFileSync(`${path}.next`, "k1:hal");
  expect(await readKeyFile(path)).toEqual([first]);
  await writeKeyFile(path, [second, first]);
  expect(await readKeyFile(path)).toEqual([second, first]);
  expect(existsSync(`${path}.next`)).toBe(false);
});

test.for([0o640, 0o604, 0o660, 0o777])(
  "a file with mode %o is refused, with the command that mends it",
  async (mode) => {
    const path = join(freshDirectory(), "secrets.key");
    await writeKeyFile(path, [first]);
    chmodSync(path, mode);
    await expect(readKeyFile(path)).rejects.toMatchObject({
      code: "key_file",
      message: `${path} can be used by others than its owner; run: chmod 600 ${path}`,
    });
  },
);

test.for(["", "\n", "k1:short", "k1", "x".repeat(70_000)])(
  "a damaged file is refused, and nothing of it is shown: %#",
  async (text) => {
    const path = join(freshDirectory(), "secrets.key");
    writeFileSync(path, text, { mode: 0o600 });
    await expect(readKeyFile(path)).rejects.toMatchObject({
      code: "key_file",
      message: expect.stringMatching(
        /secrets\.key (is damaged; restore it from a backup|is too large to be a key file)$/,
      ),
    });
  },
);

test("the file is what SECRETS_KEY would be", async () => {
  const path = join(freshDirectory(), "secrets.key");
  await writeKeyFile(path, [first, second]);
  expect(readFileSync(path, "utf8")).toBe(
    `${first.id}:${first.key.toString("base64")},${second.id}:${second.key.toString("base64")}\n`,
  );
});
