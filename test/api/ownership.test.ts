import { expect, test } from "vitest";

import { bodyFor, startFilled } from "../support/routes.ts";

const strangers = [
  ["another team", { team: "other" }],
  ["another environment of the same team", { env: "staging" }],
] as const;

test.for(strangers)("a key of %s finds nothing on any route that names something", async ([, place]) => {
  const gateway = await startFilled();
  const { request, routes, pathOf } = gateway;
  const stranger = await gateway.newKey(place);
  const named = routes.filter(({ path }) => path.includes(":"));
  expect(named.length).toBeGreaterThan(10);
  for (const route of named) {
    const refused = await request(route.method, pathOf(route), bodyFor(route), stranger);
    expect([route.method, route.path, refused.status, refused.body]).toEqual([
      route.method,
      route.path,
      404,
      { error: "Not found" },
    ]);
  }
  // The same requests find what they name with the owner's key: last of all, those that delete.
  const [deleting, others] = [
    named.filter(({ method }) => method === "DELETE"),
    named.filter(({ method }) => method !== "DELETE"),
  ];
  for (const route of [...others, ...deleting.toReversed()]) {
    const answered = await request(route.method, pathOf(route), bodyFor(route));
    expect([route.method, route.path, answered.status]).not.toEqual([route.method, route.path, 404]);
  }
});

test.for(strangers)("a key of %s lists nothing of what others own", async ([, place]) => {
  const { request, newKey } = await startFilled();
  const stranger = await newKey(place);
  expect((await request("GET", "/webhooks/sources", undefined, stranger)).body).toEqual({ data: [] });
  const own = (await request("POST", "/webhooks/sources", { name: "own" }, stranger)).body.data;
  expect((await request("GET", "/webhooks/sources", undefined, stranger)).body).toEqual({ data: [own] });
  expect((await request("GET", "/webhooks/sources")).body.data).toHaveLength(1);
});

test("a source's parts are found under that source only", async () => {
  const { request, routes, pathOf } = await startFilled();
  const other = (await request("POST", "/webhooks/sources", { name: "other" })).body.data;
  const nested = routes.filter(
    ({ path }) => path.startsWith("/webhooks/sources/:source_id/") && /:(id|event_id)/.test(path),
  );
  for (const route of nested.filter(({ path }) => !path.includes("/replays"))) {
    const path = pathOf(route).replace(/sources\/[0-9a-f-]{36}/, `sources/${other.id}`);
    expect([route.path, (await request(route.method, path, bodyFor(route))).status]).toEqual([route.path, 404]);
  }
});
