import { describe, expect, test } from "vitest";

import { createDestination } from "../../src/routing/create-destination.ts";
import { type ForbiddenUrl, forbiddenUrls, problems, publicUrls, teach } from "../support/destination-urls.ts";
import { type Dials, watchDials } from "../support/dials.ts";
import { eventually } from "../support/engine.ts";
import { type ApiAnswer, type GatewayOptions, startGateway, type TestGateway } from "../support/gateway.ts";
import { listEvents, type MadeSource, makeDestination, makeSource, showEvent } from "../support/journey.ts";
import { startReceiver } from "../support/receiver.ts";
import { destinationDraft } from "../support/routing.ts";
import { freshDirectory, select } from "../support/store.ts";

/** A gateway to which everything private is forbidden, and which knows the names of the table. */
const startStrict = async (environment: GatewayOptions["environment"] = {}): Promise<TestGateway> => {
  const gateway = await startGateway({ environment: { EGRESS_ALLOW: "", ...environment } });
  teach(gateway.names);
  return gateway;
};

const unsigned = { require_signature: false };

const pathOf = ({ id }: MadeSource): string => `/webhooks/sources/${id}/destinations`;

/** What came of asking for each URL of the table, in its order. */
const shownAs = ({ status, body }: ApiAnswer, at: number) => ({ url: forbiddenUrls[at]!.url, status, body });
const refusals = forbiddenUrls.map(({ url, problem }) => ({
  url,
  status: 422,
  body: { error: "Validation failed", details: { url: [problem] } },
}));

/** What was dialled beside the gateway itself, which the tests talk to. */
const dialledBeside = (dials: Dials, { url }: TestGateway): string[] =>
  dials.all.filter((address) => `http://${address}` !== url);

/** What the first attempt at each destination came to. */
type Tried = ReadonlyMap<string, { readonly code: string | null; readonly error: string | null }>;

/** Posts an event to a source with `count` destinations, and tells what the first attempts came to. */
const deliverOnce = async (gateway: TestGateway, source: MadeSource, count: number): Promise<Tried> => {
  expect((await gateway.request("POST", `/in/${source.slug}`, { hello: "world" })).status).toBe(200);
  await eventually(async () => {
    const [row] = await select<{ tried: number }>(gateway.core.store, "select count(*) as tried from attempts");
    expect(row!.tried).toBe(count);
  });
  const [event] = await listEvents(gateway, source);
  const page = await showEvent(gateway, source, event!.id);
  return new Map(page.deliveries.map(({ destination_id, attempts }) => [destination_id, attempts[0]!]));
};

test("the table has more than 120 spellings to refuse at save, and at send", () => {
  expect(new Set(forbiddenUrls.map(({ url }) => url)).size).toBe(forbiddenUrls.length);
  const atSend = forbiddenUrls.filter(({ code }) => code !== null);
  expect(forbiddenUrls.length).toBeGreaterThanOrEqual(120);
  expect(atSend.length).toBeGreaterThanOrEqual(120);
  // Those that some connection could be made to: the others are no addresses at all.
  expect(atSend.filter(({ code }) => code === "refused_address").length).toBeGreaterThanOrEqual(120);
});

describe("a forbidden URL is refused at save", () => {
  test("when a destination is made", async () => {
    const gateway = await startStrict();
    const source = await makeSource(gateway, unsigned);
    const answers = await Promise.all(forbiddenUrls.map(({ url }) => gateway.request("POST", pathOf(source), { url })));
    expect(answers.map(shownAs)).toEqual(refusals);
    expect((await gateway.request("GET", pathOf(source))).body).toEqual({ data: [] });
  });

  test("when a destination is changed, of which nothing changes then", async () => {
    const gateway = await startStrict();
    const source = await makeSource(gateway, unsigned);
    const { path } = await makeDestination(gateway, source, { url: "https://public.test/" });
    const before = (await gateway.request("GET", path)).body;
    const change = { enabled: false, max_concurrency: 1 };
    const answers = await Promise.all(
      forbiddenUrls.map(({ url }) => gateway.request("PATCH", path, { ...change, url })),
    );
    expect(answers.map(shownAs)).toEqual(refusals);
    expect((await gateway.request("GET", path)).body).toEqual(before);
  });
});

describe("a forbidden URL is refused at send", () => {
  /** Puts destinations into the store as the API does, without asking the guard. */
  const storeUnasked = async ({ core }: TestGateway, source: MadeSource, urls: readonly ForbiddenUrl[]) => {
    const { source: owner } = core.table.source(source.id)!;
    const parts = { ...core, keyring: core.secrets.keyring };
    const made = urls.map(async (forbidden) => {
      const created = await createDestination(
        parts,
        owner,
        { sourceId: source.id },
        destinationDraft({ url: forbidden.url }),
      );
      if (created.kind !== "created") throw new Error(created.kind);
      return [created.destination.id, forbidden] as const;
    });
    return new Map(await Promise.all(made));
  };

  test("when it came into the store behind the guard's back", async () => {
    using dials = watchDials();
    const gateway = await startStrict();
    const source = await makeSource(gateway, unsigned);
    const stored = await storeUnasked(
      gateway,
      source,
      forbiddenUrls.filter(({ code }) => code !== null),
    );
    const tried = await deliverOnce(gateway, source, stored.size);
    const codes = [...stored].map(([id, { url, code }]) => ({ url, code, tried: tried.get(id)?.code }));
    expect(codes).toEqual(codes.map(({ url, code }) => ({ url, code, tried: code })));
    expect(dialledBeside(dials, gateway)).toEqual([]);
  });

  test("when EGRESS_ALLOW had it at save, and has it no more", async () => {
    const directory = freshDirectory();
    const lax = await startStrict({ DATA_DIR: directory, EGRESS_ALLOW: "0.0.0.0/0, ::/0" });
    const source = await makeSource(lax, unsigned);
    const savable = forbiddenUrls.filter(
      ({ problem, code }) =>
        code === "refused_address" && (problem === problems.private || problem === problems.scheme),
    );
    const made = savable.map(async (forbidden) => {
      const { id, path } = await makeDestination(lax, source, { url: forbidden.url });
      return { ...forbidden, id, path };
    });
    const saved = await Promise.all(made);
    expect(saved.length).toBeGreaterThanOrEqual(120);
    await lax.stop();

    using dials = watchDials();
    const strict = await startStrict({ DATA_DIR: directory });
    const tried = await deliverOnce(strict, source, saved.length);
    const tests = await Promise.all(saved.map(({ path }) => strict.request("POST", `${path}/test`)));
    for (const [at, { id, url, problem }] of saved.entries()) {
      const error = `the URL ${problem}`;
      expect({ url, ...tried.get(id) }).toMatchObject({ url, code: "refused_address", error });
      const { status, body } = tests[at]!;
      expect({ url, status, body }).toEqual({ url, status: 422, body: { ok: false, error } });
    }
    expect(dialledBeside(dials, strict)).toEqual([]);
  });
});

test("a public URL that looks like a forbidden one is accepted at save", async () => {
  const gateway = await startStrict();
  const source = await makeSource(gateway, unsigned);
  const { path } = await makeDestination(gateway, source, { url: "https://not-there-yet.test/" });
  const asked = publicUrls.map(async (url) => {
    const made = await gateway.request("POST", pathOf(source), { url });
    const changed = await gateway.request("PATCH", path, { url });
    return [url, made.status, made.body.data?.url, changed.status, changed.body.data?.url] as const;
  });
  expect(await Promise.all(asked)).toEqual(publicUrls.map((url) => [url, 201, url, 200, url]));
});

describe("a private URL receives", () => {
  test.for([
    ["127.0.0.1", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "１２７。０。０。１"]],
    ["127.0.0.1/32", ["loopback.test", "alias.test", "mapped.test", "localhost.localdomain"]],
    ["::ffff:127.0.0.0/104", ["127.0.0.1", "[::ffff:7f00:1]"]],
    ["127.0.0.0/8, ::1/128", ["localhost", "LOCALHOST.", "app.localhost"]],
    ["localhost, *.localdomain, loopback.test", ["localhost.", "localhost.localdomain", "LOOPBACK.test."]],
    ["*.test", ["loopback.test", "alias.test", "last-of-many.test"]],
  ] as const)("when %s is in EGRESS_ALLOW, as %j", async ([allowed, hosts]) => {
    await using receiver = await startReceiver();
    const gateway = await startStrict({ EGRESS_ALLOW: allowed });
    gateway.names.set("last-of-many.test", ["127.0.0.3", "127.0.0.2", "127.0.0.1"]);
    const source = await makeSource(gateway, unsigned);
    for (const [at, host] of hosts.entries()) {
      const { path } = await makeDestination(gateway, source, { url: `http://${host}:${receiver.port}/${at}` });
      expect((await gateway.request("POST", `${path}/test`)).body).toEqual({ ok: true, status: 200 });
    }
    await gateway.request("POST", `/in/${source.slug}`, { hello: "world" });
    await receiver.waitFor(2 * hosts.length);
    const paths = Array.from(hosts, (_, at) => `/${at}`);
    expect(receiver.requests.map(({ path }) => path).toSorted()).toEqual([...paths, ...paths].toSorted());
  });
});
