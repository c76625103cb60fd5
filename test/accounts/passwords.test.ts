import { readdirSync, readFileSync } from "node:fs";

import { expect, onTestFinished, test } from "vitest";

import { createPasswords, PasswordBusyError } from "../../src/accounts/passwords.ts";
import { createSystemRandom } from "../../src/lib/random.ts";

const open = (bounds?: { waitingMax: number }) => {
  const passwords = createPasswords(createSystemRandom(), bounds);
  onTestFinished(() => passwords.close());
  return passwords;
};

test("a password matches its own hash and no other, and is not in it", async () => {
  const passwords = open();
  const hash = await passwords.hash("correct horse");
  expect(hash).toMatch(/^scrypt:16384:16:1:[\w-]{22}:[\w-]{86}$/);
  expect(hash).not.toContain("correct");
  expect(await passwords.verify({ hash, password: "correct horse" })).toBe(true);
  expect(await passwords.verify({ hash, password: "correct horsE" })).toBe(false);
  expect(await passwords.hash("correct horse")).not.toBe(hash);
});

test("letters that look the same are the same, however they are written", async () => {
  const passwords = open();
  const hash = await passwords.hash("Zoe\u0308 ﬁnds it");
  expect(await passwords.verify({ hash, password: "Zo\u00eb finds it" })).toBe(true);
});

test.for(["", "plain text", "scrypt:16384:16:1:short:short", `scrypt:999999:16:1:${"A".repeat(22)}:${"A".repeat(86)}`])(
  "what is no hash of ours, or costs too much, matches nothing: %j",
  async (hash) => {
    expect(await open().verify({ hash, password: "" })).toBe(false);
  },
);

test("the event loop goes on while passwords are hashed", async () => {
  const passwords = open();
  await passwords.hash("the first one starts the thread");
  let turns = 0;
  let over = false;
  const turn = (): void => {
    turns += 1;
    if (!over) setImmediate(turn);
  };
  turn();
  await Promise.all(Array.from({ length: 4 }, (_, number) => passwords.hash(`password ${number}`)));
  over = true;
  // Hashed here, each would have been one turn.
  expect(turns).toBeGreaterThan(100);
});

/** How much each thread of this process yields to others. */
const nicenessOfThreads = (): readonly number[] =>
  readdirSync("/proc/self/task").map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, "utf8");
    // The 19th field; the second one is a name in parentheses, which may hold spaces.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
  });

test("one thread hashes, which yields to all others", async () => {
  const before = nicenessOfThreads().filter((niceness) => niceness === 10).length;
  const passwords = open();
  await Promise.all([passwords.hash("password 1"), passwords.hash("password 2")]);
  expect(nicenessOfThreads().filter((niceness) => niceness === 10)).toHaveLength(before + 1);
});

test("above what may wait it says at once that it is busy, and goes on with the others", async () => {
  const passwords = open({ waitingMax: 3 });
  const all = await Promise.allSettled(Array.from({ length: 5 }, (_, number) => passwords.hash(`password ${number}`)));
  expect(all.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected", "rejected"]);
  for (const refused of all.slice(3)) {
    expect(refused.status === "rejected" && refused.reason).toBeInstanceOf(PasswordBusyError);
    expect(refused.status === "rejected" && refused.reason).toMatchObject({
      code: "password_busy",
      retryAfterSeconds: 2,
    });
  }
  expect(await passwords.hash("later")).toMatch(/^scrypt:/);
});
