import { createHmac } from "node:crypto";

import { expect, test } from "vitest";

import { http, type HttpAnswer } from "../../harness/http.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { startReceiver } from "../support/receiver.ts";
import { execute, freshDirectory, freshStore, reachInto } from "../support/store.ts";

type WireSource = { readonly id: string; readonly slug: string };

/** Two gateways on one database. */
const startTwo = async (): Promise<{ a: TestGateway; b: TestGateway; directory: string }> => {
  const directory = freshDirectory();
  const environment = { DATA_DIR: directory };
  return { a: await startGateway({ environment }), b: await startGateway({ environment }), directory };
};

const createSource = async ({ request }: TestGateway, over: object = {}): Promise<WireSource> => {
  const created = await request("POST", "/webhooks/sources", { name: "shop", require_signature: false, ...over });
  return created.body.data as WireSource;
};

const createDestination = async ({ request }: TestGateway, { id }: WireSource, url: string): Promise<string> => {
  const created = await request("POST", `/webhooks/sources/${id}/destinations`, { url });
  return String(created.body.data.id);
};

const post = ({ url }: TestGateway, { slug }: WireSource, body = "{}", headers = {}): Promise<HttpAnswer> =>
  http(`${url}/in/${slug}`, { method: "POST", body, headers });

type WireEvent = { readonly status: string; readonly signature_valid: boolean };

/** Newest first. */
const eventsOf = async ({ request }: TestGateway, { id }: WireSource): Promise<readonly WireEvent[]> =>
  (await request("GET", `/webhooks/sources/${id}/events`)).body.data as WireEvent[];

const waitersSql = `select count(*)::integer as count from pg_locks join pg_database on pg_database.oid = pg_locks.database
  where locktype = 'advisory' and not granted and datname = current_database()`;

/** Waits until so many transactions wait for those before them. */
const lockWaits = async (directory: string, count: number): Promise<void> => {
  await expect.poll(() => reachInto(directory, waitersSql)).toEqual([{ count }]);
};

const signedWith = (secret: string, body: string): Record<string, string> => ({
  "x-signature": createHmac("sha256", secret).update(body).digest("hex"),
});

const signing = { signing_secret: "first secret", signing_header: "x-signature", require_signature: true };

test("what one node made, another takes events for at once: never an unknown URL, always every delivery", async () => {
  const { a, b, directory } = await startTwo();
  await using receiver = await startReceiver();
  const rounds = 200;
  const counts = [0, 1, 3];
  for (let round = 0; round < rounds; round += 1) {
    const [maker, taker] = round % 2 === 0 ? [a, b] : [b, a];
    const source = await createSource(maker);
    const count = counts[round % counts.length]!;
    for (let made = 0; made < count; made += 1) await createDestination(maker, source, `${receiver.url}/${round}`);
    expect((await post(taker, source)).status).toBe(200);
  }
  const made = await reachInto<{ deliveries: number; sources: number }>(
    directory,
    `select deliveries::integer, count(*)::integer as sources from
       (select count(deliveries.id) as deliveries from events left join deliveries on deliveries.event_id = events.id
        group by events.id) as each group by deliveries order by deliveries`,
  );
  const expected = counts.map((deliveries, index) => ({
    deliveries,
    sources: Array.from({ length: rounds }, (_, round) => round).filter((round) => round % counts.length === index)
      .length,
  }));
  expect(made).toEqual(expected);
}, 120_000);

test("an event meets the destinations that were there when its own commit began, whatever is posted beside them", async () => {
  const { a, b, directory } = await startTwo();
  await using receiver = await startReceiver();
  const source = await createSource(a);
  for (let count = 1; count <= 20; count += 1) {
    await createDestination(count % 2 === 0 ? a : b, source, `${receiver.url}/${count}`);
    const posted = await Promise.all([a, b, a, b].map((gateway) => post(gateway, source)));
    expect(posted.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const [newest] = await reachInto<{ least: number; most: number }>(
      directory,
      `select min(made)::integer as least, max(made)::integer as most from
         (select count(*) as made from deliveries group by event_id order by event_id desc limit 4) as each`,
    );
    expect(newest).toEqual({ least: count, most: count });
  }
});

test("a source that was deleted on one node takes nothing on another", async () => {
  const { a, b } = await startTwo();
  for (let round = 0; round < 20; round += 1) {
    const source = await createSource(a);
    expect((await post(b, source)).status).toBe(200);
    expect((await a.request("DELETE", `/webhooks/sources/${source.id}`)).status).toBeLessThan(300);
    expect((await post(b, source)).status).toBe(404);
  }
});

test("a URL that no node knows is asked for once by many, and is unknown", async () => {
  const { b } = await startTwo();
  const answers = await Promise.all(Array.from({ length: 50 }, () => post(b, { id: "", slug: "wh_nowhere1" })));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
});

test("a key that was revoked on one node is refused on another at once", async () => {
  const { a, b } = await startTwo();
  for (let round = 0; round < 20; round += 1) {
    const key = await a.newKey();
    expect((await b.request("GET", "/webhooks/sources", undefined, key)).status).toBe(200);
    expect((await a.core.access.revokeKey(key, null)).kind).toBe("revoked");
    expect((await b.request("GET", "/webhooks/sources", undefined, key)).status).toBe(401);
  }
});

test("keys of a new team that are made on two nodes at once are of one team", async () => {
  const { a, b } = await startTwo();
  const keys = await Promise.all([a, b, a, b, a, b].map((gateway) => gateway.newKey({ team: "new", env: "staging" })));
  await a.request("POST", "/webhooks/sources", { name: "shop" }, keys[0]);
  for (const key of keys) {
    expect((await b.request("GET", "/webhooks/sources", undefined, key)).body.data).toHaveLength(1);
  }
});

test("what one node changed, another shows at once", async () => {
  const { a, b } = await startTwo();
  const source = await createSource(a);
  for (let round = 0; round < 10; round += 1) {
    const [maker, reader] = round % 2 === 0 ? [a, b] : [b, a];
    await maker.request("PATCH", `/webhooks/sources/${source.id}`, { name: `name ${round}` });
    const shown = await reader.request("GET", `/webhooks/sources/${source.id}`);
    expect(shown.body.data.name).toBe(`name ${round}`);
  }
});

test("a secret that was taken away on one node is no secret on another", async () => {
  const { a, b } = await startTwo();
  for (let round = 0; round < 10; round += 1) {
    const source = await createSource(a, signing);
    const headers = signedWith(signing.signing_secret, "{}");
    await post(b, source, "{}", headers);
    await a.request("PATCH", `/webhooks/sources/${source.id}`, { signing_secret: null });
    await a.request("PATCH", `/webhooks/sources/${source.id}`, { signing_secret: "second secret" });
    await post(b, source, "{}", headers);
    const valid = (await eventsOf(b, source)).map((event) => event.signature_valid);
    expect(valid).toEqual([false, true]);
  }
});

test("an event that was judged by a secret that is gone when it is committed is judged again", async () => {
  const { a, b, directory } = await startTwo();
  const source = await createSource(a, signing);
  const headers = signedWith(signing.signing_secret, "{}");
  expect((await post(b, source, "{}", headers)).status).toBe(200);

  // Somebody holds up every change and every commit; the change comes first, then the event.
  const other = await freshStore({ directory });
  const release = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const holding = other.write(async (tx) => {
    await execute(tx, "update versions set version = version where name = 'routing'");
    held.resolve();
    await release.promise;
  }, "routing");
  await held.promise;
  const changed = a.request("PATCH", `/webhooks/sources/${source.id}`, { signing_secret: null });
  await lockWaits(directory, 1);
  const posted = post(b, source, "{}", headers);
  await lockWaits(directory, 2);
  release.resolve();
  await holding;
  expect((await changed).status).toBe(200);
  expect((await posted).status).toBe(200);
  const events = await eventsOf(b, source);
  expect(events.map((event) => event.signature_valid)).toEqual([false, true]);
});

test("a destination that one node switched off for its failures is off on another", async () => {
  const { a, b } = await startTwo();
  await using receiver = await startReceiver();
  receiver.respondWith({ status: 410 });
  const source = await createSource(a);
  const id = await createDestination(a, source, receiver.url);
  // It knows the destination as one that is on.
  await b.request("GET", "/webhooks/sources");
  await post(a, source);
  await expect
    .poll(async () => {
      const { text } = await a.request("GET", `/webhooks/sources/${source.id}/destinations/${id}`);
      return text;
    })
    .toContain('"enabled":false');
  const before = receiver.requests.length;
  expect((await post(b, source)).status).toBe(200);
  const [event] = await eventsOf(b, source);
  expect(event!.status).toBe("received");
  expect(receiver.requests).toHaveLength(before);
});

test("a node that takes no events learns of a change within seconds, and does what it means", async () => {
  const { a, b } = await startTwo();
  const source = await createSource(a);
  await expect.poll(() => b.core.table.sourceBySlug(source.slug)?.source.name, { timeout: 5_000 }).toBe("shop");
});
