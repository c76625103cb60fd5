import { expect, test } from "vitest";

import { http, type HttpAnswer } from "../../../harness/http.ts";
import { startGateway, type TestGateway } from "../../support/gateway.ts";
import { type Call, callerOf, refusalOf } from "../../support/hookstream.ts";
import { eventually, signedBy } from "../../support/journey.ts";
import { startReceiver } from "../../support/receiver.ts";

const instant: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

type Made = { readonly id: string; readonly org_id: string; readonly env_id: string; readonly slug: string };

const make = async (call: Call, slug: string, rest: object = {}): Promise<Made> => {
  const made = await call("POST", "/v1/sources", { body: { name: `named ${slug}`, slug, ...rest } });
  if (made.status !== 201) throw new Error(made.text);
  const source: Made = made.body.source;
  return source;
};

type Request = { readonly method?: string; readonly query?: string; readonly headers?: Record<string, string> };

const json = { "content-type": "application/json" };

const send = (
  { url }: TestGateway,
  { id }: Pick<Made, "id">,
  body?: string | Uint8Array,
  { method = "POST", query = "", headers = json }: Request = {},
): Promise<HttpAnswer> =>
  http(`${url}/v1/ingest/${id}${query}`, { method, headers, ...(body === undefined ? {} : { body }) });

type Listed = { readonly id: string } & Readonly<Record<string, unknown>>;
type List = { readonly events: readonly Listed[]; readonly pagination: Readonly<Record<string, unknown>> };

const list = async (call: Call, query = ""): Promise<List> => {
  const listed = await call("GET", `/v1/events${query}`);
  if (listed.status !== 200) throw new Error(listed.text);
  const found: List = listed.body;
  return found;
};

const show = async (call: Call, id: string): Promise<Listed> => {
  const shown = await call("GET", `/v1/events/${id}`);
  if (shown.status !== 200) throw new Error(shown.text);
  const event: Listed = shown.body.event;
  return event;
};

test("an event that Stripe's own package signed is verified by the template alone, listed and shown", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const secret = "whsec_0123456789abcdef";
  const source = await make(call, "stripe", { template: "stripe", verification_secret: secret });
  const { headers, body } = await signedBy.stripe(secret, gateway.clock.nowMs());
  const answered = await send(gateway, source, body, { headers, query: "?a=1&a=2&b=" });
  expect(answered.status).toBe(200);
  const listed = {
    id: expect.stringMatching(/^[0-9a-f]{32}$/),
    source_id: source.id,
    org_id: source.org_id,
    env_id: source.env_id,
    method: "POST",
    content_type: "application/json; charset=utf-8",
    source_ip: "127.0.0.1",
    payload_size: body.length,
    verification_status: "verified",
    dedup_status: "unique",
    status: "received",
    received_at: instant,
    source_name: "named stripe",
    source_slug: "stripe",
  };
  const { events, pagination } = await list(call);
  expect(events).toEqual([listed]);
  expect(pagination).toEqual({ total: 1, limit: 50, offset: 0, has_more: false, next_cursor: null });
  const id = String(events[0]?.id);
  expect(JSON.parse(answered.body.toString())).toEqual({ event_id: id, source_id: source.id });
  expect(await show(call, id)).toEqual({
    ...listed,
    headers: expect.objectContaining(headers),
    query_params: { a: ["1", "2"], b: "" },
    payload_inline: body,
    payload_ref: null,
    payload: JSON.parse(body),
    verification_error: null,
    dedup_hash: null,
    topic: null,
    payload_encoding: "text",
    event_type: "invoice.paid",
    delivery_attempts: [],
  });
  const shown = (await call("GET", `/v1/sources/${source.id}`)).body.source;
  expect(shown).toMatchObject({ event_count: 1, last_event_at: events[0]?.["received_at"] });
});

test("a body is shown as what it says, and as it came", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await make(call, "s");
  const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
  const rows: readonly [
    body: string | Uint8Array | undefined,
    inline: string | null,
    payload: string,
    encoding: string,
  ][] = [
    ['{"id":9007199254740993}', '{"id":9007199254740993}', '{"id":9007199254740993}', "text"],
    ['"text"', '"text"', '"text"', "text"],
    ["null", "null", "null", "text"],
    ["a=1&b=2", "a=1&b=2", '"a=1&b=2"', "text"],
    ["{not json ✓", "{not json ✓", '"{not json ✓"', "text"],
    ["", "", "null", "text"],
    [undefined, "", "null", "text"],
    [Buffer.from([0xff, 0x00, 0x01]), "/wAB", "null", "base64"],
    [deep, deep, JSON.stringify(deep), "text"],
  ];
  for (const [body, inline, payload, encoding] of rows) {
    expect((await send(gateway, source, body)).status).toBe(200);
    const [newest] = (await list(call, "?limit=1")).events;
    const shown = await call("GET", `/v1/events/${newest!.id}`);
    expect(shown.text).toContain(`"payload":${payload},`);
    const { payload_inline, payload_encoding } = shown.body.event;
    expect([payload_inline, payload_encoding]).toEqual([inline, encoding]);
  }
});

/** Five sources, and an event of each kind that there is. */
const startFilled = async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const plain = await make(call, "plain");
  const signed = await make(call, "signed", { verification_type: "bearer", verification_secret: "right" });
  const checked = await make(call, "checked", { json_schema: { type: "object" }, schema_action: "warn" });
  const once = await make(call, "once", { dedup_strategy: "payload_hash" });
  await send(gateway, plain, undefined, { method: "GET", query: "?q=needle-in-the-query", headers: {} });
  await send(gateway, signed, '{"signed":"needle"}', { headers: { ...json, authorization: "Bearer right" } });
  await send(gateway, signed, '{"forged":"needle"}', { headers: { ...json, authorization: "Bearer wrong" } });
  await send(gateway, checked, '"no object"');
  await send(gateway, checked, "{}", { method: "PUT" });
  await send(gateway, once, '{"once":1}');
  await send(gateway, once, '{"once":1}');
  return { gateway, call, plain, signed, checked, once };
};

const kinds = ["skipped", "verified", "failed", "schema_invalid", "skipped", "skipped", "skipped"];

test("events of all sources are listed together, newest first, and by all that there is to filter by", async () => {
  const { gateway, call, plain, signed, once } = await startFilled();
  const all = (await list(call)).events;
  const oldestFirst = all.toReversed();
  expect(oldestFirst.map((event) => event["verification_status"])).toEqual(kinds);
  expect(oldestFirst.map((event) => event["dedup_status"])).toEqual([...Array<string>(6).fill("unique"), "duplicate"]);
  const at = (...places: number[]): readonly Listed[] => places.map((place) => oldestFirst[place]!).toReversed();
  const rows: readonly [query: string, found: readonly Listed[]][] = [
    [`source_id=${signed.id}`, at(1, 2)],
    [`source_id=src_${plain.id}`, at(0)],
    ["verification_status=verified", at(1)],
    ["verification_status=failed", at(2)],
    ["verification_status=skipped", at(0, 4, 5, 6)],
    ["verification_status=schema_invalid", at(3)],
    ["dedup_status=unique", at(0, 1, 2, 3, 4, 5)],
    ["dedup_status=duplicate", at(6)],
    ["method=GET", at(0)],
    ["method=put", at(4)],
    ["status=received", all],
    ["status=delivered", []],
    ["status=processing", []],
    ["status=failed", []],
    ["after=2020-01-01T00:00:00Z", all],
    ["after=2199-01-01T00:00:00Z", []],
    ["before=2020-01-01T00:00:00Z", []],
    ["before=2199-01-01T00:00:00Z", all],
    ["search=needle", at(1)],
    ["search=once", at(5)],
    [`search=${oldestFirst[3]!.id}`, at(3)],
    [`search=evt_${oldestFirst[3]!.id}`, at(3)],
    [`search=${oldestFirst[3]!.id.slice(0, 8)}`, all],
    ["search=nowhere", []],
    [`search=needle&source_id=${plain.id}`, []],
    [`source_id=${once.id}&dedup_status=unique&method=POST&verification_status=skipped`, at(5)],
  ];
  for (const [query, found] of rows) {
    const { events, pagination } = await list(call, `?${query}`);
    expect([query, events]).toEqual([query, found]);
    expect([query, pagination]).toEqual([
      query,
      { total: found.length, limit: 50, offset: 0, has_more: false, next_cursor: null },
    ]);
  }
  await gateway.stop();
});

test("what was refused or repeated is kept without its body, and says why", async () => {
  const { call } = await startFilled();
  const [forged] = (await list(call, "?verification_status=failed")).events;
  expect(await show(call, forged!.id)).toMatchObject({
    payload_inline: null,
    payload: null,
    payload_size: 19,
    verification_error: "The signature does not match",
    headers: { authorization: "[redacted]" },
  });
  const [repeated] = (await list(call, "?dedup_status=duplicate")).events;
  expect(await show(call, repeated!.id)).toMatchObject({ payload_inline: null, payload: null, payload_size: 10 });
  const [unfit] = (await list(call, "?verification_status=schema_invalid")).events;
  expect(await show(call, unfit!.id)).toMatchObject({
    payload: "no object",
    verification_error: "The body does not fit the source's JSON Schema",
  });
});

test("pages go on by cursor or by offset, over as many sources as there are", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const sent: string[] = [];
  // More sources than one statement compares.
  const sources = await Promise.all(Array.from({ length: 120 }, (_, at) => make(call, `s-${at}`)));
  for (const source of [...sources.slice(0, 5), ...sources.slice(115), ...sources.slice(0, 3)]) {
    sent.push(JSON.parse((await send(gateway, source, "{}")).body.toString()).event_id as string);
  }
  const newestFirst = sent.toReversed();
  const idsOf = ({ events }: List): string[] => events.map(({ id }) => id);
  const first = await list(call, "?limit=5");
  expect(idsOf(first)).toEqual(newestFirst.slice(0, 5));
  expect(first.pagination).toEqual({ total: 13, limit: 5, offset: 0, has_more: true, next_cursor: newestFirst[4] });
  const second = await list(call, `?limit=5&cursor=${newestFirst[4]}`);
  expect(idsOf(second)).toEqual(newestFirst.slice(5, 10));
  const last = await list(call, `?limit=5&cursor=${newestFirst[9]}`);
  expect(idsOf(last)).toEqual(newestFirst.slice(10));
  expect(last.pagination).toMatchObject({ total: 13, has_more: false, next_cursor: null });
  const byOffset = await list(call, "?limit=5&offset=10");
  expect(idsOf(byOffset)).toEqual(newestFirst.slice(10));
  expect(byOffset.pagination).toEqual({ total: 13, limit: 5, offset: 10, has_more: false, next_cursor: null });
  expect(idsOf(await list(call, "?offset=50"))).toEqual([]);
  expect((await list(call, "?limit=1000")).pagination["limit"]).toBe(100);
  const searched = await list(call, "?search={}&limit=5&offset=3");
  expect(idsOf(searched)).toEqual(newestFirst.slice(3, 8));
  expect(searched.pagination).toMatchObject({ total: 13, has_more: true, next_cursor: newestFirst[7] });
});

test("a query that cannot be taken is 400, in a sentence that names the field", async () => {
  const call = callerOf(await startGateway());
  const rows = [
    ["source_id=x", "'source_id' must be an id of 32 hex digits"],
    ["status=succeeded", "'status' must be one of received, processing, delivered, failed"],
    ["verification_status=x", "'verification_status' must be one of verified, failed, skipped, schema_invalid"],
    ["dedup_status=x", "'dedup_status' must be one of unique, duplicate"],
    ["after=yesterday", "'after' must be an ISO 8601 time with an offset or Z"],
    ["before=2020-01-01", "'before' must be an ISO 8601 time with an offset or Z"],
    ["cursor=x", "'cursor' must be an id of 32 hex digits"],
    ["limit=0", "'limit' must be at least 1"],
    ["offset=-1", "'offset' must be at least 0"],
    ["offset=9001", "'offset' must be at most 9000"],
    [`offset=1&cursor=${"0".repeat(32)}`, "'offset' can't be combined with cursor"],
    [`search=${"x".repeat(257)}`, "'search' must have at most 256 characters"],
  ] as const;
  for (const [query, problem] of rows) {
    const refused = await call("GET", `/v1/events?${query}`);
    expect([query, refused.status, refused.body]).toEqual([query, ...refusalOf(400, `Invalid query: ${problem}`)]);
  }
});

test("nobody sees what others own, or what a deleted source left", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await make(call, "s");
  await send(gateway, source, "{}");
  const [event] = (await list(call)).events;
  for (const place of [{ team: "other" }, { env: "staging" }]) {
    const key = await gateway.newKey(place);
    for (const query of ["", `?source_id=${source.id}`, `?search=${event!.id}`]) {
      const listed = await call("GET", `/v1/events${query}`, { key });
      expect([listed.status, listed.body.events, listed.body.pagination.total]).toEqual([200, [], 0]);
    }
    const refused = await call("GET", `/v1/events/${event!.id}`, { key });
    expect([refused.status, refused.body]).toEqual(refusalOf(404, "Event not found"));
    const foreign = await call("GET", `/v1/events?env_id=${source.env_id}&org_id=${source.org_id}`, { key });
    expect(foreign.status).toBe(403);
  }
  for (const id of ["0".repeat(32), "x", "%00"]) {
    const refused = await call("GET", `/v1/events/${id}`);
    expect([id, refused.status, refused.body]).toEqual([id, ...refusalOf(404, "Event not found")]);
  }
  await call("DELETE", `/v1/sources/${source.id}`);
  expect((await list(call)).events).toEqual([]);
  expect((await call("GET", `/v1/events/${event!.id}`)).status).toBe(404);
});

test("an event shows what became of it: each attempt, and of the last one whether that was all", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await make(call, "s");
  let status = 500;
  await using receiver = await startReceiver((_request, response) => {
    response.writeHead(status).end("sorry");
  });
  const path = `/webhooks/sources/${source.id.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}/destinations`;
  const made = await gateway.request("POST", path, { url: receiver.url, retry_schedule: [] });
  expect(made.status).toBe(201);
  await send(gateway, source, "{}");
  const [failed] = await eventually(
    async () => (await list(call)).events,
    ([event]) => event?.["status"] === "failed",
  );
  const attempt = {
    id: expect.stringMatching(/^[0-9a-f]{32}$/),
    event_id: failed!.id,
    connection_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    destination_id: String(made.body.data.id).replaceAll("-", ""),
    request_url: receiver.url,
    request_method: "POST",
    request_headers: null,
    request_body_size: 2,
    response_status: 500,
    response_headers: null,
    response_body: "sorry",
    duration_ms: expect.any(Number),
    status: "failed",
    error: expect.any(String),
    attempt_number: 1,
    next_retry_at: null,
    is_dlq: 1,
    dlq_at: instant,
    trigger_type: "initial",
    created_at: instant,
    connection_name: new URL(receiver.url).host,
    destination_name: new URL(receiver.url).host,
  };
  expect((await show(call, failed!.id))["delivery_attempts"]).toEqual([attempt]);
  status = 200;
  await send(gateway, source, "{}");
  const [delivered] = await eventually(
    async () => (await list(call, "?status=delivered")).events,
    (events) => events.length === 1,
  );
  const shown = await show(call, delivered!.id);
  expect(shown["delivery_attempts"]).toEqual([
    {
      ...attempt,
      event_id: delivered!.id,
      response_status: 200,
      status: "success",
      error: null,
      is_dlq: 0,
      dlq_at: null,
    },
  ]);
});

test("the last requests that a source refused can be seen, and are no events of its", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const source = await make(call, "s", { ip_denylist: ["127.0.0.0/8"] });
  expect((await send(gateway, source, "{}")).status).toBe(403);
  await call("PATCH", `/v1/sources/${source.id}`, { body: { ip_denylist: null, json_schema: false } });
  expect((await send(gateway, source, "{}", { method: "PUT" })).status).toBe(422);
  const read = async () => {
    gateway.clock.jump(1_500);
    return call("GET", `/v1/sources/${source.id}/refused`);
  };
  const { body } = await eventually(read, ({ body: { refused } }) => refused.length === 2);
  const refused = {
    id: expect.any(String),
    source_id: source.id,
    source_ip: "127.0.0.1",
    payload_size: 2,
    received_at: instant,
  };
  expect(body).toEqual({
    refused: [
      { ...refused, reason: "schema_invalid", status: 422, method: "PUT" },
      { ...refused, reason: "ip_denied", status: 403, method: "POST" },
    ],
    cursor: null,
    has_more: false,
  });
  const page = await call("GET", `/v1/sources/${source.id}/refused?limit=1`);
  expect(page.body).toEqual({ refused: [body.refused[0]], cursor: body.refused[0].id, has_more: true });
  const next = await call("GET", `/v1/sources/${source.id}/refused?limit=1&cursor=${page.body.cursor}`);
  expect(next.body).toEqual({ refused: [body.refused[1]], cursor: null, has_more: false });
  expect((await call("GET", `/v1/sources/${source.id}`)).body.source.event_count).toBe(0);
});
