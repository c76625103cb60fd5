import { describe, expect, test } from "vitest";

import { createSystemRandom } from "../../src/lib/random.ts";
import { newSealingKey } from "../../src/lib/sealing.ts";
import { sealingKeys } from "../support/sealing-keys.ts";
import { freshDirectory, openStore, select, writerOf } from "../support/store.ts";
import { cookieHeaderOf, newcomer, openPeople, type People, type PeopleWish, somewhere } from "./_people.ts";

const name = "better-auth.session_token";

/** Somebody who has signed up. */
const signedUp = async (wish: PeopleWish = {}) => {
  const people = await openPeople({ ...wish, isSignUpOpen: true });
  const person = newcomer();
  const entry = await people.accounts.signUp(person, somewhere());
  if (entry.kind !== "entered") throw new Error(entry.kind);
  return { ...people, person, userId: entry.userId, cookies: entry.cookies, cookie: cookieHeaderOf(entry.cookies) };
};

const whose = async ({ accounts, clock }: People, cookie: string | undefined): Promise<string | null> =>
  (await accounts.authenticate(cookie, clock.nowMs()))?.userId ?? null;

describe("the cookie", () => {
  test.for([
    ["https://hooks.example.com", true],
    ["http://localhost:8080", false],
  ] as const)("has one name, and at %s the secure attribute: %s", async ([publicUrl, isSecure]) => {
    const { cookies } = await signedUp({ publicUrl });
    const [cookie = ""] = cookies;
    expect(cookies).toHaveLength(1);
    expect(cookie).toMatch(new RegExp(`^${name}=[A-Za-z0-9]{32}\\.[^;]+; `));
    expect(cookie.includes("; Secure")).toBe(isSecure);
    expect(cookie).toContain("; HttpOnly");
    expect(cookie).toContain("; SameSite=Lax");
    expect(cookie).toContain("; Path=/");
    expect(cookie).toContain("; Max-Age=604800");
  });

  test("is read under both names, among others, and the one that is ours counts", async () => {
    const people = await signedUp();
    const value = people.cookie.slice(name.length + 1);
    const rows: [string | undefined, boolean][] = [
      [people.cookie, true],
      [`__Secure-${people.cookie}`, true],
      [`a=b; ${people.cookie}; c=d`, true],
      [`${name}=forged.${"A".repeat(43)}%3D; ${people.cookie}`, true],
      [`${name}=x; __Secure-${people.cookie}`, true],
      [undefined, false],
      ["", false],
      [`other=${value}`, false],
      [`${name}=${value.slice(0, 32)}`, false],
      [`${name}=${"%".repeat(300)}`, false],
      [`${name}=${value}x`, false],
      [`${name}=x${value.slice(1)}`, false],
    ];
    for (const [header, counts] of rows) {
      expect([header, await whose(people, header)]).toEqual([header, counts ? people.userId : null]);
    }
  });

  test("is not made of what the store holds alone", async () => {
    const { store, cookie } = await signedUp();
    const [row] = await select<{ token: string }>(store, "select token from sessions");
    const value = decodeURIComponent(cookie.slice(name.length + 1));
    expect(value.startsWith(`${row!.token}.`)).toBe(true);
    expect(value.length).toBe(row!.token.length + 1 + 44);
    const other = await openPeople({ store, keys: [newSealingKey(createSystemRandom())] });
    expect(await whose(other, cookie)).toBeNull();
  });

  test("counts after a rotation of keys while the old key is there, and is made anew with the new one", async () => {
    const people = await signedUp();
    people.keyring.adopt(newSealingKey(createSystemRandom()));
    expect(await whose(people, people.cookie)).toBe(people.userId);
    expect(await people.accounts.readSession(people.cookie, people.clock.nowMs())).toMatchObject({
      user: { id: people.userId },
    });
    const again = await people.accounts.signIn(people.person, somewhere());
    const cookie = again.kind === "entered" ? cookieHeaderOf(again.cookies) : "";
    expect(await whose(people, cookie)).toBe(people.userId);
    const without = await openPeople({ store: people.store });
    expect(await whose(without, cookie)).toBeNull();
    expect(await whose(without, people.cookie)).toBe(people.userId);
  });
});

describe("a session", () => {
  test("survives a restart, is seen by a second node, and is over on both once it is signed out of", async () => {
    const directory = freshDirectory();
    const before = await openStore({ directory });
    const { cookie, userId } = await signedUp({ store: before });
    await before.close();
    const store = await openStore({ directory });
    const first = await openPeople({ store });
    const second = await openPeople({ store, keys: sealingKeys });
    expect(await whose(first, cookie)).toBe(userId);
    expect(await whose(second, cookie)).toBe(userId);
    const cookies = await second.accounts.signOut(cookie);
    expect(cookies.find((each) => each.startsWith(`${name}=;`))).toContain("Max-Age=0");
    expect(await whose(first, cookie)).toBeNull();
    expect(await first.accounts.readSession(cookie, first.clock.nowMs())).toBeNull();
    await store.close();
  });

  test("that cannot be ended is not said to be over", async () => {
    const store = await openStore({ directory: freshDirectory() });
    const writer = await writerOf(store);
    const people = await signedUp({ store });
    await writer.breakDown();
    await expect(people.accounts.signOut(people.cookie)).rejects.toMatchObject({ name: "StoreError" });
    expect(await whose(people, people.cookie)).toBe(people.userId);
    await writer.mend();
    await people.accounts.signOut(people.cookie);
    expect(await whose(people, people.cookie)).toBeNull();
    await store.close();
  });

  test("is over after a week", async () => {
    const people = await signedUp();
    people.clock.advance(7 * 24 * 60 * 60 * 1000 + 60_000);
    expect(await whose(people, people.cookie)).toBeNull();
    expect(await people.accounts.readSession(people.cookie, people.clock.nowMs())).toBeNull();
  });

  test("that is used is prolonged, and its cookie with it", async () => {
    const people = await signedUp();
    const { store, cookie, accounts, clock } = people;
    expect((await accounts.readSession(cookie, clock.nowMs()))?.cookies).toEqual([]);
    const soon = new Date(Date.now() + 24 * 60 * 60 * 1000).toISOString();
    await store.write(async (tx) => {
      await tx
        .tables<{ sessions: { expires_at: string } }>()
        .updateTable("sessions")
        .set({ expires_at: soon })
        .execute();
    });
    const read = await accounts.readSession(cookie, clock.nowMs());
    expect(read?.cookies[0]).toMatch(new RegExp(`^${name}=`));
    const [row] = await select<{ expires_at: string }>(store, "select expires_at from sessions");
    expect(row!.expires_at > soon).toBe(true);
  });

  test("is one of fifty at most: the oldest go", async () => {
    const people = await signedUp();
    await people.store.write(async (tx) => {
      const sessions = tx.tables<{ sessions: Record<string, string> }>();
      const [own] = await sessions.selectFrom("sessions").selectAll().execute();
      for (let number = 0; number < 60; number += 1) {
        await sessions
          .insertInto("sessions")
          .values({ ...own!, id: `old-${number}`, token: `old-${number}`, created_at: "2020-01-01T00:00:00.000Z" })
          .execute();
      }
    });
    const again = await people.accounts.signIn(people.person, somewhere());
    expect(again.kind).toBe("entered");
    expect(await select(people.store, "select id from sessions")).toHaveLength(50);
    expect(await whose(people, people.cookie)).toBe(people.userId);
  });

  test("acts in the team that was joined first, or in another one that was chosen and is its holder's", async () => {
    const people = await signedUp();
    const { accounts, access, clock, person, cookie } = people;
    const home = (await accounts.authenticate(cookie, clock.nowMs()))!;
    const { token } = await accounts.inviteOwner("Second");
    await accounts.acceptInvitation({ token, ...person }, somewhere());
    const own = await accounts.readSession(cookie, clock.nowMs());
    expect(own?.principal.teamId).toBe(home.teamId);
    const second = own!.memberships.find(({ teamId }) => teamId !== home.teamId)!;
    expect(await accounts.chooseTeam(cookie, second.teamId, clock.nowMs())).toBe(true);
    const moved = await accounts.authenticate(cookie, clock.nowMs());
    expect(await access.teamName(moved!.teamId)).toBe("Second");
    expect(moved!.envId).not.toBe(home.envId);
    const foreign = await signedUp({ store: people.store });
    expect(await foreign.accounts.chooseTeam(foreign.cookie, second.teamId, clock.nowMs())).toBe(false);
    expect(await accounts.chooseTeam("", second.teamId, clock.nowMs())).toBe(false);
  });
});
