import { expect, test } from "vitest";

import { createSystemRandom } from "../../src/lib/random.ts";
import { createKeyring, newSealingKey } from "../../src/lib/sealing.ts";

const random = createSystemRandom();
const [first, second] = [newSealingKey(random), newSealingKey(random)];

test("a secret is derived from each key, that of the sealing one first, the same wherever the key is", () => {
  const keyring = createKeyring([first, second], random);
  const [ofFirst, ofSecond, ...none] = keyring.derive("cookies");
  expect(none).toEqual([]);
  expect(ofFirst).toHaveLength(32);
  expect(ofFirst.equals(ofSecond!)).toBe(false);
  expect(createKeyring([second, first], random).derive("cookies")).toEqual([ofSecond, ofFirst]);
  expect(createKeyring([second], random).derive("cookies")).toEqual([ofSecond]);
});

test("what is derived for one purpose is nothing for another, and not the key itself", () => {
  const keyring = createKeyring([first], random);
  const [own] = keyring.derive("cookies");
  expect(own.equals(keyring.derive("other")[0])).toBe(false);
  expect(own.equals(first.key)).toBe(false);
});

test("after a rotation the new key's comes first, and the old one's still counts", () => {
  const keyring = createKeyring([first], random);
  const [before] = keyring.derive("cookies");
  keyring.adopt(second);
  expect(keyring.derive("cookies")).toEqual([createKeyring([second], random).derive("cookies")[0], before]);
});
