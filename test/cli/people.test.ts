import { expect, test } from "vitest";

import { openShell } from "./shell.ts";

/** Every test here runs twice: the commands do the same with and without a gateway that runs. */
const places = ["with a running gateway", "without one"] as const;

const ada = { name: "Ada", email: "ada@example.com", password: "correct horse" };
const client = { address: null, userAgent: null };

test.for(places)("owner invite prints the link alone, which then counts once, %s", async (place) => {
  const shell = openShell({ env: { PUBLIC_URL: "https://hooks.example.com" } });
  const running = place === "without one" ? null : await shell.startControl();
  // Keys make no difference.
  await shell.postern("keys", "create", "--name", "first", "--scopes", "*");
  const { code, out, err } = await shell.postern("owner", "invite");
  expect([code, err]).toEqual([0, expect.stringMatching(/^invited an owner of "default", until \d{4}-.+; /)]);
  const [, token = ""] = /^https:\/\/hooks\.example\.com\/invite\/([\w-]{43})\n$/.exec(out) ?? [];
  const core = running ?? (await shell.startControl());
  const entry = await core.accounts.acceptInvitation({ token, ...ada }, client);
  expect(entry.kind).toBe("entered");
  expect(await core.accounts.acceptInvitation({ token, ...ada }, client)).toEqual({ kind: "used" });
});

test("owner invite takes a team's name, and refuses what can be none", async () => {
  const shell = openShell();
  const { code, out } = await shell.postern("owner", "invite", "--team", "Payments");
  expect(code).toBe(0);
  const core = await shell.startControl();
  const token = out.trim().split("/").at(-1)!;
  const entry = await core.accounts.acceptInvitation({ token, ...ada }, client);
  const cookie = entry.kind === "entered" ? entry.cookies[0]!.split(";")[0] : "";
  const own = await core.accounts.authenticate(cookie, core.clock.nowMs());
  expect(await core.access.teamName(own!.teamId)).toBe("Payments");
  const refused = await shell.postern("owner", "invite", "--team", "");
  expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/^the team's name must be 1 to 100/)]);
});

test.for(places)("teams limit changes what is named, and shows all, %s", async (place) => {
  const shell = openShell();
  const running = place === "without one" ? null : await shell.startControl();
  await shell.postern("keys", "create", "--name", "first", "--scopes", "*");
  const [key] = running === null ? [] : (await running.access.listKeys(null)).keys;
  // It is remembered as it was.
  if (running !== null) expect((await running.access.limitsOf(key!.teamId)).maxSources).toBeNull();
  await shell.postern("teams", "limit", "default", "--max-destinations", "7");
  const { code, out } = await shell.postern("teams", "limit", "default", "--max-sources", "3");
  expect([code, out]).toEqual([0, "sources           3\ndestinations      7\nevents per month  no limit\n"]);
  const core = running ?? (await shell.startControl());
  const { teamId } = (await core.access.listKeys(null)).keys[0]!;
  expect(await core.access.limitsOf(teamId)).toEqual({ maxSources: 3, maxDestinations: 7, eventsPerMonth: null });
  const off = await shell.postern("teams", "limit", "default", "--max-sources", "none");
  expect(off.out).toContain("sources           no limit");
});

test.for([
  [["teams", "limit"], 2, "name one TEAM"],
  [["teams", "limit", "default", "--max-sources", "many"], 2, "--max-sources must be a whole number, or none"],
  [["teams", "limit", "nobody's"], 1, 'there is no team "nobody\'s"'],
] as const)("%j is refused", async ([args, code, sentence]) => {
  const shell = openShell();
  await shell.postern("keys", "create", "--name", "first", "--scopes", "*");
  const refused = await shell.postern(...args);
  expect([refused.code, refused.err]).toEqual([code, expect.stringContaining(sentence)]);
});
