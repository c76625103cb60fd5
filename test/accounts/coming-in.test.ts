import { describe, expect, test } from "vitest";

import { invitationMs } from "../../src/accounts/invitation.ts";
import { freshDirectory, openStore, select } from "../support/store.ts";
import { cookieHeaderOf, newcomer, openPeople, type People, somewhere } from "./_people.ts";

/** Somebody new takes an invitation up. */
const invited = async ({ accounts }: People, team: string | null = null) => {
  const { token } = await accounts.inviteOwner(team);
  const person = newcomer();
  const entry = await accounts.acceptInvitation({ token, ...person }, somewhere());
  if (entry.kind !== "entered") throw new Error(entry.kind);
  return { person, token, entry, cookie: cookieHeaderOf(entry.cookies) };
};

describe("an invitation", () => {
  test("makes an owner of a team, who is signed in, and signs in again with the password", async () => {
    const people = await openPeople();
    const { accounts, access, clock } = people;
    const { person, cookie, entry } = await invited(people, "Payments");
    const principal = await accounts.authenticate(cookie, clock.nowMs());
    expect(principal).toMatchObject({ kind: "session", userId: entry.userId, role: "owner", scopes: ["*"] });
    expect(await access.teamName(principal!.teamId)).toBe("Payments");
    expect((await access.findEnvironment(principal!.teamId, null))?.id).toBe(principal!.envId);
    const again = await accounts.signIn(person, somewhere());
    expect(again).toMatchObject({ kind: "entered", userId: entry.userId });
  });

  test("counts once", async () => {
    const people = await openPeople();
    const { token } = await invited(people);
    const late = await people.accounts.acceptInvitation({ token, ...newcomer("Bob") }, somewhere());
    expect(late).toEqual({ kind: "used" });
  });

  test("counts once for two who take it up at the same time", async () => {
    const { accounts, store } = await openPeople();
    const { token } = await accounts.inviteOwner(null);
    const both = await Promise.all(
      ["Ada", "Bob"].map((name) => accounts.acceptInvitation({ token, ...newcomer(name) }, somewhere())),
    );
    expect(both.map(({ kind }) => kind).toSorted()).toEqual(["entered", "used"]);
    expect(await select(store, "select id from users")).toHaveLength(1);
  });

  test("is over after an hour", async () => {
    const { accounts, clock } = await openPeople();
    const { token } = await accounts.inviteOwner(null);
    clock.advance(invitationMs);
    expect(await accounts.acceptInvitation({ token, ...newcomer() }, somewhere())).toEqual({ kind: "expired" });
  });

  test.for(["", "x", "x".repeat(43), "%00", "x".repeat(10_000)])("is not found when it is %j", async (token) => {
    const { accounts } = await openPeople();
    await accounts.inviteOwner(null);
    expect(await accounts.acceptInvitation({ token, ...newcomer() }, somewhere())).toEqual({ kind: "not_found" });
  });

  test("brings somebody who is known into another team, with their own password only", async () => {
    const people = await openPeople();
    const { accounts, clock } = people;
    const { person, entry } = await invited(people, "First");
    const { token } = await accounts.inviteOwner("Second");
    const wrong = { token, ...person, password: "another password" };
    expect(await accounts.acceptInvitation(wrong, somewhere())).toEqual({ kind: "wrong_password" });
    const second = await accounts.acceptInvitation({ token, ...person }, somewhere());
    expect(second).toMatchObject({ kind: "entered", userId: entry.userId });
    const cookie = second.kind === "entered" ? cookieHeaderOf(second.cookies) : "";
    expect((await accounts.readSession(cookie, clock.nowMs()))?.memberships).toHaveLength(2);
  });

  test.for([
    ["name", { name: "" }],
    ["name", { name: " Ada" }],
    ["email", { email: "nobody" }],
    ["email", { email: `${"a".repeat(250)}@example.com` }],
    ["password", { password: "seven77" }],
    ["password", { password: "x".repeat(129) }],
  ] as const)("asks for a %s that can be one: %j", async ([field, change]) => {
    const { accounts } = await openPeople();
    const { token } = await accounts.inviteOwner(null);
    const refused = await accounts.acceptInvitation({ token, ...newcomer(), ...change }, somewhere());
    expect(refused).toMatchObject({ kind: "invalid", problem: { field } });
  });
});

describe("signing in", () => {
  test("takes the address in any case, and no other password", async () => {
    const people = await openPeople();
    const { person } = await invited(people);
    const { accounts } = people;
    const shouted = { ...person, email: person.email.toUpperCase() };
    expect(await accounts.signIn(shouted, somewhere())).toMatchObject({ kind: "entered" });
    expect(await accounts.signIn({ ...person, password: "correct horse" }, somewhere())).toEqual({ kind: "refused" });
    expect(await accounts.signIn(newcomer("Bob"), somewhere())).toEqual({ kind: "refused" });
    expect(await accounts.signIn({ email: "x", password: "" }, somewhere())).toEqual({ kind: "refused" });
  });

  test("is held back per address, and per account wherever it is tried from", async () => {
    const people = await openPeople();
    const { accounts } = people;
    const from = somewhere();
    const kinds: string[] = [];
    for (let tries = 0; tries < 31; tries += 1) {
      kinds.push((await accounts.signIn({ email: `${tries}`, password: "" }, from)).kind);
    }
    expect(kinds.slice(-2)).toEqual(["refused", "limited"]);
    for (let tries = 0; tries < 10; tries += 1) {
      const address = `203.0.113.${tries}`;
      expect((await accounts.signIn({ email: "x", password: "" }, { address, userAgent: null })).kind).toBe("refused");
    }
    const held = await accounts.signIn({ email: "X", password: "" }, { address: "203.0.113.99", userAgent: null });
    expect(held).toMatchObject({ kind: "limited", retryAfterSeconds: expect.any(Number) });
  });
});

describe("signing up", () => {
  test("is closed unless an option opens it", async () => {
    const { accounts, store } = await openPeople();
    expect(await accounts.signUp(newcomer(), somewhere())).toEqual({ kind: "closed" });
    expect(await select(store, "select id from users")).toEqual([]);
  });

  test("gives everybody a team and a default environment of their own, even of the same name", async () => {
    const { accounts, access, clock } = await openPeople({ isSignUpOpen: true });
    const places = [];
    for (const person of [newcomer("Ada"), newcomer("Ada")]) {
      const entry = await accounts.signUp(person, somewhere());
      const cookie = entry.kind === "entered" ? cookieHeaderOf(entry.cookies) : "";
      const principal = await accounts.authenticate(cookie, clock.nowMs());
      places.push([await access.teamName(principal!.teamId), principal!.role, principal!.scopes]);
    }
    expect(places).toEqual([
      ["Ada", "owner", ["*"]],
      ["Ada 2", "owner", ["*"]],
    ]);
  });

  test("does not take an address that somebody has", async () => {
    const { accounts, store } = await openPeople({ isSignUpOpen: true });
    const person = newcomer();
    const both = await Promise.all([1, 2].map(() => accounts.signUp(person, somewhere())));
    expect(both.map(({ kind }) => kind).toSorted()).toEqual(["entered", "taken"]);
    const third = await accounts.signUp({ ...person, email: person.email.toUpperCase() }, somewhere());
    expect(third).toEqual({ kind: "taken" });
    expect(await select(store, "select id from users")).toHaveLength(1);
    expect(await select(store, "select id from teams")).toHaveLength(1);
  });
});

test("no password is hashed or checked inside a transaction, where all other writes would wait for it", async () => {
  const directory = freshDirectory();
  const store = await openStore({ directory });
  let hashes = 0;
  const people = await openPeople({
    store,
    isSignUpOpen: true,
    passwords: (real) => ({
      ...real,
      // Refused as misuse where the writer is held.
      hash: async (password) => {
        hashes += 1;
        await store.write(async () => {});
        return real.hash(password);
      },
      verify: async (candidate) => {
        hashes += 1;
        await store.write(async () => {});
        return real.verify(candidate);
      },
    }),
  });
  const { person } = await invited(people);
  expect((await people.accounts.signUp(newcomer("Bob"), somewhere())).kind).toBe("entered");
  expect((await people.accounts.signIn(person, somewhere())).kind).toBe("entered");
  expect((await people.accounts.signIn(newcomer("Eve"), somewhere())).kind).toBe("refused");
  const { token } = await people.accounts.inviteOwner("Other");
  expect((await people.accounts.acceptInvitation({ token, ...person }, somewhere())).kind).toBe("entered");
  expect(hashes).toBe(5);
  await store.close();
});

test("the log names nobody, and no password, token or cookie", async () => {
  const people = await openPeople({ isSignUpOpen: true });
  const { person, token, cookie } = await invited(people);
  await people.accounts.signIn({ ...person, password: "wrong password" }, somewhere());
  await people.accounts.signUp(person, somewhere());
  await people.accounts.acceptInvitation({ token, ...person }, somewhere());
  await people.accounts.signOut(cookie);
  const text = people.log.lines.join("\n");
  expect(text).toContain("somebody came in");
  expect(text).toContain("somebody was not let in");
  for (const secret of [person.password, "wrong password", person.email, token, cookie, cookie.split("=")[1]!]) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(decodeURIComponent(secret));
  }
});
