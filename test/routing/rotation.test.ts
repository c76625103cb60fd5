import { describe, expect, test } from "vitest";

import { createSystemRandom } from "../../src/lib/random.ts";
import { createKeyring, newSealingKey } from "../../src/lib/sealing.ts";
import { noSecrets, previousCountsMs, rotate, type SecretChange } from "../../src/routing/_rotation.ts";
import type { SealedSecrets } from "../../src/routing/source.ts";

const random = createSystemRandom();
const keyring = createKeyring([newSealingKey(random)], random);
const place = "sources/x/secret";
const nowMs = 1_000_000;
const at = { keyring, place, nowMs };

const open = (bytes: Uint8Array | null): string | null => (bytes === null ? null : keyring.open(bytes, place));
const opened = ({ current, previous, previousUntilMs }: SealedSecrets) => [
  open(current),
  open(previous),
  previousUntilMs,
];
const sealed = (current: string | null, previous: string | null, previousUntilMs: number | null): SealedSecrets => ({
  current: current === null ? null : keyring.seal(current, place),
  previous: previous === null ? null : keyring.seal(previous, place),
  previousUntilMs,
});

const until = nowMs + previousCountsMs;
const set = (secret: string, atOnce = false): SecretChange => ({ kind: "set", secret, atOnce });

describe("rotating", () => {
  test.for([
    [noSecrets, set("a"), ["a", null, null]],
    [sealed("a", null, null), { kind: "keep" }, ["a", null, null]],
    [sealed("a", null, null), set("b"), ["b", "a", until]],
    [sealed("a", null, null), set("b", true), ["b", null, null]],
    [sealed("b", "a", 5), set("c"), ["c", "b", until]],
    [sealed("b", "a", 5), set("b"), ["b", "a", 5]],
    [sealed("b", "a", 5), set("b", true), ["b", null, null]],
    [sealed("b", "a", 5), { kind: "drop_previous" }, ["b", null, null]],
    [sealed("b", "a", 5), { kind: "drop_all" }, [null, null, null]],
  ] as readonly (readonly [SealedSecrets, SecretChange, unknown[]])[])(
    "%# leaves what counts",
    ([before, change, after]) => {
      expect(opened(rotate(before, change, at))).toEqual(after);
    },
  );

  test("lasts 24 hours", () => expect(previousCountsMs).toBe(86_400_000));

  test("drops a secret that no key opens: it would make the new one unreadable, too", () => {
    const lost = createKeyring([newSealingKey(random)], random).seal("a", place);
    const after = rotate({ current: lost, previous: lost, previousUntilMs: 5 }, set("b"), at);
    expect(opened(after)).toEqual(["b", null, null]);
  });

  test("never keeps a secret in clear", () => {
    const { current } = rotate(noSecrets, set("hunter2hunter2"), at);
    expect(Buffer.from(current!).toString("latin1")).not.toContain("hunter2");
  });
});
