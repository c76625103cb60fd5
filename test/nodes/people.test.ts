import { expect, test } from "vitest";

import { callerOf } from "../support/hookstream.ts";
import { fromOwnPage, signIn } from "../support/people.ts";
import { freshDirectory } from "../support/store.ts";
import { startNode } from "./_nodes.ts";

test("a session that was opened at one node counts at the other, until it is signed out of at either", async () => {
  const directory = freshDirectory();
  const [first, second] = [await startNode(directory), await startNode(directory)];
  const ada = await signIn(first);
  const elsewhere = (method: string, path: string) =>
    callerOf(second)(method, path, { key: null, headers: { ...fromOwnPage, cookie: ada.cookie } });
  const here = await ada.call("GET", "/v1/auth/get-session");
  const there = await elsewhere("GET", "/v1/auth/get-session");
  expect([there.status, there.body]).toEqual([200, here.body]);
  expect((await elsewhere("POST", "/v1/auth/sign-out")).status).toBe(200);
  expect((await ada.call("GET", "/v1/auth/get-session")).status).toBe(401);
});

test("of two nodes where an invitation is taken up at once, one takes it", async () => {
  const directory = freshDirectory();
  const nodes = [await startNode(directory), await startNode(directory)];
  const { token } = await nodes[0]!.core.accounts.inviteOwner(null);
  const both = await Promise.all(
    nodes.map((node, number) => {
      const body = { token, name: "Ada", email: `ada-${number}@example.com`, password: "correct horse" };
      return callerOf(node)("POST", "/v1/auth/invitations/accept", { key: null, body });
    }),
  );
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 410]);
});

test("of two nodes where somebody signs up at once, one makes them known", async () => {
  const directory = freshDirectory();
  const environment = { SIGN_UP: "open" };
  const nodes = [await startNode(directory, { environment }), await startNode(directory, { environment })];
  const body = { name: "Ada", email: "ada@example.com", password: "correct horse" };
  const both = await Promise.all(
    nodes.map((node) => callerOf(node)("POST", "/v1/auth/sign-up/email", { key: null, body })),
  );
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
});

test("an environment that one node deletes takes its keys along at the other", async () => {
  const directory = freshDirectory();
  const [first, second] = [await startNode(directory), await startNode(directory)];
  const call = callerOf(first);
  const { environment } = (await call("POST", "/v1/environments", { body: { name: "Staging", slug: "staging" } })).body;
  const key = await first.newKey({ env: "Staging" });
  const ask = async () => (await callerOf(second)("GET", "/v1/sources/templates", { key })).status;
  expect(await ask()).toBe(200);
  expect((await call("DELETE", `/v1/environments/${environment.id}`)).status).toBe(200);
  expect(await ask()).toBe(401);
});
