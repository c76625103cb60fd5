import { expect, test } from "vitest";

import { makeConnection } from "../../src/routing/change-connections.ts";
import { makeDestination } from "../../src/routing/make-destination.ts";
import { findConnection } from "../../src/routing/read-connections.ts";
import { startGateway } from "../support/gateway.ts";
import { startReceiver } from "../support/receiver.ts";
import { destinationDraft } from "../support/routing.ts";

const { eventFilter: _none, ...plain } = destinationDraft({ dialect: "hookstream", secret: null });

test("a destination of one API is used, tested, changed and let go by the other, and a source that goes leaves it alone", async () => {
  await using receiver = await startReceiver();
  const gateway = await startGateway();
  const { core, request } = gateway;
  const routing = { ...core, keyring: core.secrets.keyring };
  const source = (await request("POST", "/webhooks/sources", { name: "a", require_signature: false })).body.data;
  const other = (await request("POST", "/webhooks/sources", { name: "b", require_signature: false })).body.data;
  const { teamId, envId } = core.table.source(source.id)!.source;
  const scope = { teamId, envId };
  const outgoing = {
    headers: { "X-Tenant": "acme" },
    auth: { type: "bearer", token: "t-1" } as const,
    signature: null,
  };
  const made = await makeDestination(routing, scope, {
    ...plain,
    slug: "shared",
    url: receiver.url,
    outgoing,
    method: "PUT",
  });
  if (made.kind !== "created") throw new Error(made.kind);
  const destinationId = made.destination.id;
  const filterRules = [{ field: "payload.n", op: "gt", value: 1 }] as const;
  const ends = { sourceId: source.id, destinationId };
  const filtered = await makeConnection(routing, scope, { ...ends, filterRules });
  const kept = await makeConnection(routing, scope, { ...ends, sourceId: other.id });
  if (filtered.kind !== "created" || kept.kind !== "created") throw new Error("not connected");

  const ofSource = `/webhooks/sources/${source.id}/destinations`;
  const listed = await request("GET", ofSource);
  expect(listed.body.data).toMatchObject([{ id: destinationId, url: receiver.url, enabled: true }]);
  expect(listed.text).not.toContain("t-1");
  expect((await request("POST", `${ofSource}/${destinationId}/test`)).status).toBe(200);
  expect(await receiver.next()).toMatchObject({ method: "PUT", headers: { authorization: "Bearer t-1" } });

  for (const n of [1, 2]) await request("POST", `/in/${source.slug}`, { n });
  const delivered = await receiver.next();
  expect(JSON.parse(delivered.body.toString())).toEqual({ n: 2 });
  expect(delivered).toMatchObject({ method: "PUT", headers: { authorization: "Bearer t-1", "x-tenant": "acme" } });

  expect((await request("PATCH", `${ofSource}/${destinationId}`, { max_concurrency: 3 })).status).toBe(200);
  expect(core.table.destination(destinationId)?.destination.maxConcurrency).toBe(3);
  expect((await request("DELETE", `/webhooks/sources/${source.id}`)).status).toBeLessThan(300);
  expect(await findConnection(routing, scope, filtered.connection.id)).toBeNull();
  await request("POST", `/in/${other.slug}`, { n: 0 });
  expect(JSON.parse((await receiver.next()).body.toString())).toEqual({ n: 0 });
  expect((await request("DELETE", `/webhooks/sources/${other.id}/destinations/${destinationId}`)).status).toBeLessThan(
    300,
  );
  expect(core.table.destination(destinationId)).toBeDefined();
  expect([...core.table.connectionsOf(other.id)]).toEqual([]);
});
