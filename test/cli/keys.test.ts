import { expect, test } from "vitest";

import type { Core } from "../../src/app/core.ts";
import { openShell, type Shell } from "./shell.ts";

const asks = async ({ access, clock }: Core, key: string) => access.authenticate(`Bearer ${key.trim()}`, clock.nowMs());

const create = async ({ postern }: Shell, ...more: string[]): Promise<string> => {
  const { out, code, err } = await postern("keys", "create", "--name", "ci", "--scopes", "webhooks:write", ...more);
  expect(`${code} ${err}`).toMatch(/^0 made key [0-9a-f-]{36} with /);
  return out.trim();
};

/** Every test here runs twice: the commands do the same with and without a gateway that runs. */
const places = ["with a running gateway", "without one"] as const;

test.for(places)("keys create prints the key alone, which then counts, %s", async (place) => {
  const shell = openShell();
  const running = place === "without one" ? null : await shell.startControl();
  const { code, out } = await shell.postern("keys", "create", "--name", "ci", "--scopes", "webhooks:read,push:write");
  expect(code).toBe(0);
  expect(out).toMatch(/^kr_live_[A-Za-z0-9_-]{43}\n$/);
  expect(await asks(running ?? (await shell.startControl()), out)).toMatchObject({
    kind: "granted",
    principal: { scopes: ["webhooks:read", "push:write"], expiresAtMs: null },
  });
});

test.for(places)("keys revoke ends a key at once, %s", async (place) => {
  const shell = openShell();
  const running = place === "without one" ? null : await shell.startControl();
  const key = await create(shell);
  // It is remembered as good.
  if (running) expect((await asks(running, key)).kind).toBe("granted");
  const revoked = await shell.postern("keys", "revoke", key.slice(0, 12));
  expect(revoked).toEqual({
    code: 0,
    out: "",
    err: expect.stringMatching(/^revoked kr_live_.{4}… "ci" \([0-9a-f-]{36}\)\n$/),
  });
  expect((await asks(running ?? (await shell.startControl()), key)).kind).toBe("refused");
});

test.for(places)("keys list shows what each key is, and none of the keys, %s", async (place) => {
  const shell = openShell();
  if (place === "with a running gateway") await shell.startControl();
  const first = await create(shell);
  const second = await create(shell, "--team", "acme", "--env", "staging", "--expires-in-days", "30");
  await shell.postern("keys", "revoke", first);
  const { code, out } = await shell.postern("keys", "list");
  expect(code).toBe(0);
  const [heading, newest, oldest] = out.trim().split("\n");
  expect(heading).toMatch(/^PREFIX +NAME +TEAM +ENVIRONMENT +SCOPES +STATE +LAST USED +CREATED +ID$/);
  expect(newest).toMatch(/^kr_live_.{4} +ci +acme +staging +webhooks:write +active until \S+Z +never +\S+Z +\S{36}$/);
  expect(oldest).toMatch(/^kr_live_.{4} +ci +default +production +webhooks:write +revoked \S+Z +never +\S+Z +\S{36}$/);
  for (const key of [first, second]) expect(out).not.toContain(key.slice(12));
});

test.for(places)("a refusal is one sentence on standard error, and the exit code is 1, %s", async (place) => {
  const shell = openShell();
  if (place === "with a running gateway") await shell.startControl();
  expect(await shell.postern("keys", "create", "--name", "ci", "--scopes", "admin")).toEqual({
    code: 1,
    out: "",
    err: 'unknown scope "admin"; valid scopes: webhooks:read, webhooks:write, push:read, push:write, *\n',
  });
  expect(await shell.postern("keys", "create", "--name", "ci", "--scopes", ",")).toMatchObject({ code: 1, out: "" });
  expect(await shell.postern("keys", "revoke", "kr_live_none")).toEqual({
    code: 1,
    out: "",
    err: 'there is no such key; "postern keys list" shows ids and prefixes\n',
  });
});

test("--expires-in-days counts from now", async () => {
  const shell = openShell();
  const key = await create(shell, "--expires-in-days", "2");
  const core = await shell.startControl();
  const dayMs = 86_400_000;
  const nowMs = core.clock.nowMs();
  const at = (ms: number) => core.access.authenticate(`Bearer ${key}`, ms);
  expect((await at(nowMs + 2 * dayMs - 60_000)).kind).toBe("granted");
  expect((await at(nowMs + 2 * dayMs)).kind).toBe("refused");
});
