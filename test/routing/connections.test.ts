import { describe, expect, test } from "vitest";

import { dropConnection, editConnection, makeConnection } from "../../src/routing/change-connections.ts";
import { createDestination } from "../../src/routing/create-destination.ts";
import { createSource } from "../../src/routing/create-source.ts";
import { deleteDestination } from "../../src/routing/delete-destination.ts";
import { deleteSource } from "../../src/routing/delete-source.ts";
import { dropDestination } from "../../src/routing/drop-destination.ts";
import { type DestinationEdit, editDestination } from "../../src/routing/edit-destination.ts";
import { findDestination, pageDestinations } from "../../src/routing/environment-destinations.ts";
import { keepRouting } from "../../src/routing/load.ts";
import { makeDestination } from "../../src/routing/make-destination.ts";
import { type Outgoing, plainOutgoing } from "../../src/routing/outgoing.ts";
import type { RoutingParts } from "../../src/routing/parts.ts";
import { findConnection, pageConnections } from "../../src/routing/read-connections.ts";
import { listDestinations } from "../../src/routing/read-destinations.ts";
import { getSource } from "../../src/routing/read-sources.ts";
import { resealDestinations } from "../../src/routing/reseal.ts";
import { RoutingTable } from "../../src/routing/table.ts";
import { updateDestination } from "../../src/routing/update-destination.ts";
import { ids } from "../support/records.ts";
import { destinationDraft, scope, sourceDraft, startRouting } from "../support/routing.ts";
import { select } from "../support/store.ts";

const foreign = { teamId: ids.next(), envId: scope.envId };
const elsewhere = { teamId: scope.teamId, envId: ids.next() };

const outgoing: Outgoing = {
  headers: { "X-Tenant": "acme" },
  auth: { type: "bearer", token: "token-of-the-receiver" },
  signature: {
    secret: "signing-secret",
    algorithm: "sha256",
    header: "X-Signature",
    prefix: "sha256=",
    includeTimestamp: false,
    timestampHeader: "X-Time",
  },
};

const { eventFilter: _none, ...plain } = destinationDraft({ dialect: "hookstream", secret: null });

const make = async (parts: RoutingParts, slug: string, over: Partial<Parameters<typeof makeDestination>[2]> = {}) => {
  const made = await makeDestination(parts, scope, { ...plain, name: slug, slug, ...over });
  if (made.kind !== "created") throw new Error(made.kind);
  return made.destination;
};

const edit = (parts: RoutingParts, owner: typeof scope, id: string, value: DestinationEdit) =>
  editDestination(parts, owner, id, () => ({ kind: "settled", value }));

const makeSource = async (parts: RoutingParts) => {
  const made = await createSource(parts, scope, sourceDraft());
  if (made.kind !== "created") throw new Error(made.kind);
  return made.source;
};

const connect = async (parts: RoutingParts, sourceId: string, destinationId: string, over = {}) => {
  const made = await makeConnection(parts, scope, { sourceId, destinationId, name: "road", ...over });
  if (made.kind !== "created") throw new Error(made.kind);
  return made.connection;
};

const anything = () => {
  throw new Error("nothing is to be read");
};

const matched = ({ table }: RoutingParts, sourceId: string): string[] =>
  table.match(sourceId, null, anything).map(({ connection }) => connection.id);

describe("a destination that stands alone", () => {
  test("is made, found, listed, changed and dropped by its owner", async () => {
    const parts = await startRouting();
    const first = await make(parts, "first", { outgoing });
    const second = await make(parts, "second");
    expect(first).toMatchObject({ ownerSourceId: null, slug: "first", name: "first", authType: "bearer" });
    expect(await findDestination(parts, scope, first.id)).toEqual({ destination: first, outgoing });
    const page = await pageDestinations(parts, scope, { limit: 10 });
    expect(page.map(({ destination }) => destination.slug)).toEqual(["second", "first"]);
    expect(await pageDestinations(parts, scope, { limit: 10, before: second.id })).toEqual([
      { destination: first, outgoing },
    ]);
    const edited = await edit(parts, scope, second.id, { slug: "2nd", method: "PUT", timeoutMs: 9 });
    expect(edited).toMatchObject({ kind: "updated", after: { destination: { slug: "2nd", method: "PUT" } } });
    expect(parts.table.destination(second.id)?.destination).toMatchObject({ slug: "2nd", timeoutMs: 9 });
    expect((await dropDestination(parts, scope, second.id))?.slug).toBe("2nd");
    expect(parts.table.destination(second.id)).toBeUndefined();
    expect(await findDestination(parts, scope, second.id)).toBeNull();
    expect((await make(parts, "2nd")).slug).toBe("2nd");
  });

  test("has a slug that no other of its environment has", async () => {
    const parts = await startRouting();
    await make(parts, "same");
    const draft = { ...plain, name: "x", slug: "same" };
    expect(await makeDestination(parts, scope, draft)).toEqual({ kind: "slug_taken" });
    expect((await makeDestination(parts, elsewhere, draft)).kind).toBe("created");
    const other = await make(parts, "other");
    expect(await edit(parts, scope, other.id, { slug: "same" })).toEqual({ kind: "slug_taken" });
    expect((await edit(parts, scope, other.id, { slug: "other" })).kind).toBe("updated");
  });

  test("counts against what its team may have", async () => {
    const parts = await startRouting();
    await make(parts, "one");
    const limits = { teamDestinationsMax: 1 };
    const more = { ...plain, name: "two", slug: "two" };
    expect(await makeDestination(parts, scope, more, limits)).toEqual({ kind: "limit_reached", of: "team" });
    expect(await makeDestination(parts, elsewhere, more, limits)).toEqual({ kind: "limit_reached", of: "team" });
  });

  test("invariant 7: is nobody else's", async () => {
    const parts = await startRouting();
    const { id } = await make(parts, "mine");
    for (const other of [foreign, elsewhere]) {
      expect(await findDestination(parts, other, id)).toBeNull();
      expect(await pageDestinations(parts, other, { limit: 10 })).toEqual([]);
      expect(await edit(parts, other, id, { timeoutMs: 1 })).toEqual({ kind: "not_found" });
      expect(await dropDestination(parts, other, id)).toBeNull();
    }
  });

  test("invariant 6: what is sent to it beside events lies sealed, is resealed, and goes with it", async () => {
    const parts = await startRouting();
    const { id } = await make(parts, "sealed", { outgoing });
    const stored = async () =>
      (await select<{ outgoing: Uint8Array | null }>(parts.store, "select outgoing from destinations"))[0]!.outgoing;
    const bytes = Buffer.from((await stored())!);
    for (const secret of ["token-of-the-receiver", "signing-secret", "acme"]) {
      expect(bytes.includes(secret)).toBe(false);
    }
    // The same once more is no change; one part leaves the others.
    await edit(parts, scope, id, { outgoing: { auth: outgoing.auth } });
    expect(Buffer.from((await stored())!).equals(bytes)).toBe(true);
    await edit(parts, scope, id, { outgoing: { auth: null } });
    expect(await findDestination(parts, scope, id)).toMatchObject({
      destination: { authType: "none" },
      outgoing: { ...outgoing, auth: null },
    });
    expect(parts.table.destination(id)?.outgoing()).toEqual({ ...outgoing, auth: null });
    const loaded = new RoutingTable(parts);
    await keepRouting(parts.store, loaded);
    expect(loaded.destination(id)?.outgoing()).toEqual({ ...outgoing, auth: null });
    expect(await resealDestinations(parts, null)).toMatchObject({ unreadable: 0 });
    await edit(parts, scope, id, { outgoing: plainOutgoing });
    expect(await stored()).toBeNull();
    await edit(parts, scope, id, { outgoing });
    await dropDestination(parts, scope, id);
    expect(await stored()).toBeNull();
  });

  test("starts anew when its circuit is closed by hand", async () => {
    const parts = await startRouting();
    const { id } = await make(parts, "circuit", { circuit: { enabled: true, threshold: 1, resetMs: 1 } });
    parts.table.patchDestination(id, { circuitFailures: 3, circuitOpenedAtMs: 7 });
    await parts.store.write(async (tx) => {
      await tx
        .tables<{ destinations: { circuit_failures: number; circuit_opened_at_ms: number } }>()
        .updateTable("destinations")
        .set({ circuit_failures: 3, circuit_opened_at_ms: 7 })
        .execute();
    });
    const kept = await edit(parts, scope, id, { timeoutMs: 99 });
    expect(kept).toMatchObject({ after: { destination: { circuitFailures: 3, circuitOpenedAtMs: 7 } } });
    const edited = await edit(parts, scope, id, { closesCircuit: true });
    expect(edited).toMatchObject({ before: { destination: { circuitOpenedAtMs: 7 } } });
    expect(parts.table.destination(id)?.destination).toMatchObject({ circuitFailures: 0, circuitOpenedAtMs: null });
    parts.table.patchDestination(id, { circuitFailures: 3, circuitOpenedAtMs: 7 });
    await edit(parts, scope, id, { circuit: { enabled: false, threshold: 1, resetMs: 1 } });
    expect(parts.table.destination(id)?.destination).toMatchObject({ circuitFailures: 0, circuitOpenedAtMs: null });
  });
});

describe("a connection", () => {
  test("leads events to a destination while it is on, once for each connection", async () => {
    const parts = await startRouting();
    const source = await makeSource(parts);
    const { id: destinationId } = await make(parts, "to");
    const first = await connect(parts, source.id, destinationId);
    const second = await connect(parts, source.id, destinationId, { enabled: false, description: "off for now" });
    expect(matched(parts, source.id)).toEqual([first.id]);
    const on = await editConnection(parts, scope, second.id, { enabled: true, transformExpression: "$" });
    expect(on?.after).toMatchObject({ enabled: true, description: "off for now", transformExpression: "$" });
    expect(matched(parts, source.id)).toEqual([first.id, second.id]);
    expect(await findConnection(parts, scope, second.id)).toEqual(on?.after);
    expect(await pageConnections(parts, scope, { limit: 1 })).toEqual([on?.after]);
    expect(await pageConnections(parts, scope, { limit: 9, before: second.id, sourceId: source.id })).toEqual([first]);
    expect(await pageConnections(parts, scope, { limit: 9, destinationId: ids.next() })).toEqual([]);
    const loaded = new RoutingTable(parts);
    await keepRouting(parts.store, loaded);
    expect([...loaded.connectionsOf(source.id)]).toEqual([...parts.table.connectionsOf(source.id)]);
    expect(await dropConnection(parts, scope, first.id)).toEqual(first);
    expect(matched(parts, source.id)).toEqual([second.id]);
    expect(await dropConnection(parts, scope, first.id)).toBeNull();
  });

  test("invariant 7: joins what its owner has, and is nobody else's", async () => {
    const parts = await startRouting();
    const source = await makeSource(parts);
    const { id: destinationId } = await make(parts, "to");
    const ends = { sourceId: source.id, destinationId };
    const connection = await connect(parts, source.id, destinationId);
    for (const other of [foreign, elsewhere]) {
      expect(await makeConnection(parts, other, ends)).toEqual({ kind: "source_not_found" });
      expect(await findConnection(parts, other, connection.id)).toBeNull();
      expect(await editConnection(parts, other, connection.id, { enabled: false })).toBeNull();
      expect(await dropConnection(parts, other, connection.id)).toBeNull();
      expect(await pageConnections(parts, other, { limit: 9 })).toEqual([]);
    }
    expect(await makeConnection(parts, scope, { ...ends, destinationId: ids.next() })).toEqual({
      kind: "destination_not_found",
    });
  });
});

describe("what one API made, the other uses", () => {
  test("a source takes the destinations that it owns along, and leaves the others alone", async () => {
    const parts = await startRouting();
    const [source, other] = [await makeSource(parts), await makeSource(parts)];
    const owned = await createDestination(parts, scope, { sourceId: source.id }, destinationDraft());
    if (owned.kind !== "created") throw new Error(owned.kind);
    const shared = await make(parts, "shared");
    await connect(parts, source.id, shared.id);
    const kept = await connect(parts, other.id, shared.id);
    await connect(parts, other.id, owned.destination.id);
    expect((await getSource(parts, scope, source.id))?.destinationsCount).toBe(2);
    const gone = await deleteSource(parts, scope, source.id);
    expect(gone?.destinations.map(({ id }) => id)).toEqual([owned.destination.id]);
    expect(matched(parts, other.id)).toEqual([kept.id]);
    expect(parts.table.destination(shared.id)?.destination.enabled).toBe(true);
    expect(await pageConnections(parts, scope, { limit: 9 })).toEqual([kept]);
  });

  test("Krafter's API sees a destination once, changes it, and unhooks it without deleting it", async () => {
    const parts = await startRouting();
    const source = await makeSource(parts);
    const shared = await make(parts, "shared", {
      retry: { enabled: true, backoff: "linear", intervalsSeconds: [5], retriesMax: 3 },
    });
    await connect(parts, source.id, shared.id);
    await connect(parts, source.id, shared.id);
    const listed = await listDestinations(parts, scope, source.id);
    expect(listed.map(({ destination }) => destination.id)).toEqual([shared.id]);
    expect((await getSource(parts, scope, source.id))?.destinationsCount).toBe(1);
    const key = { sourceId: source.id, destinationId: shared.id };
    const changed = await updateDestination(parts, scope, key, { retryScheduleSeconds: [1, 2] });
    expect(changed?.after.destination.retry).toMatchObject({ backoff: "schedule", retriesMax: null });
    expect((await deleteDestination(parts, scope, key))?.gone).toBe("connection");
    expect(matched(parts, source.id)).toEqual([]);
    expect((await findDestination(parts, scope, shared.id))?.destination.id).toBe(shared.id);
  });

  test("what Krafter's API made is listed, changed and dropped like any other", async () => {
    const parts = await startRouting();
    const source = await makeSource(parts);
    const made = await createDestination(parts, scope, { sourceId: source.id }, destinationDraft());
    if (made.kind !== "created") throw new Error(made.kind);
    const { id } = made.destination;
    expect(await findDestination(parts, scope, id)).toEqual({ destination: made.destination, outgoing: plainOutgoing });
    const edited = await edit(parts, scope, id, { name: "named", slug: "named", outgoing });
    expect(edited).toMatchObject({ after: { destination: { ownerSourceId: source.id, slug: "named" } } });
    expect(await pageConnections(parts, scope, { limit: 9 })).toEqual([made.connection]);
    await dropDestination(parts, scope, id);
    expect(await listDestinations(parts, scope, source.id)).toEqual([]);
    expect(matched(parts, source.id)).toEqual([]);
  });
});
