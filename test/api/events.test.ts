import { describe, expect, test, vi } from "vitest";

import { http } from "../../harness/http.ts";
import type { KrafterParts } from "../../src/api/krafter/parts.ts";
import type { EventList } from "../../src/api/krafter/ports.ts";
import { startGateway } from "../support/gateway.ts";
import { startReceiver } from "../support/receiver.ts";
import { newEvent } from "../support/records.ts";

const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

const generic = {
  name: "x",
  require_signature: false,
  event_type_source: "body",
  event_type_path: "type",
};

/** A gateway with a source whose events need no signature. */
const startWithSource = async (parts: Partial<KrafterParts> = {}) => {
  const gateway = await startGateway({ parts });
  const source = (await gateway.request("POST", "/webhooks/sources", generic)).body.data;
  const path = `/webhooks/sources/${source.id}`;
  const send = (body: string | Uint8Array) =>
    http(`${gateway.url}/in/${source.slug}?a=1`, { method: "POST", headers: { "x-own": "yes" }, body });
  return { ...gateway, source, path, send };
};

describe("listing events", () => {
  test("shows the documented fields, newest first, page by page", async () => {
    const { request, path, send, source } = await startWithSource();
    for (const type of ["a", "b", "a"]) await send(JSON.stringify({ type }));
    const listed = await request("GET", `${path}/events`);
    const event = {
      id: uuid,
      source_id: source.id,
      event_type: "a",
      status: "received",
      signature_valid: false,
      created_at: instant,
    };
    expect(listed.status).toBe(200);
    expect(listed.body).toEqual({
      data: [event, { ...event, event_type: "b" }, event],
      meta: { page: 1, per_page: 25, total: 3 },
    });
    expect(Object.keys(listed.body.data[0])).toEqual(Object.keys(event));

    const second = await request("GET", `${path}/events?page=2&per_page=2`);
    expect(second.body).toEqual({ data: [listed.body.data[2]], meta: { page: 2, per_page: 2, total: 3 } });
    const older = await request("GET", `${path}/events?cursor=${listed.body.data[0].id}&per_page=1`);
    expect(older.body).toEqual({
      data: [listed.body.data[1]],
      meta: { per_page: 1, next_cursor: listed.body.data[1].id },
    });
    const found = await request("GET", `${path}/events?q=${encodeURIComponent('"b"')}`);
    expect(found.body).toEqual({ data: [listed.body.data[1]], meta: { per_page: 25, next_cursor: null } });
  });

  test("is narrowed by every filter, and by nothing that is empty or unknown", async () => {
    const { request, path, send } = await startWithSource();
    for (const type of ["a", "b", "a"]) await send(JSON.stringify({ type }));
    const rows = [
      ["event_type=b", 1],
      ["event_type=", 3],
      ["event_type=c", 0],
      ["status=received", 3],
      ["status=failed", 0],
      ["signature_valid=true", 0],
      ["signature_valid=false", 3],
      ["from=2020-01-01T00:00:00Z", 3],
      ["to=2020-01-01T00:00:00Z", 0],
      ["from=2020-01-01T00:00:00%2B02:00&to=2999-01-01T00:00:00Z&event_type=a", 2],
      ["unknown=x", 3],
    ] as const;
    for (const [query, count] of rows) {
      const listed = await request("GET", `${path}/events?${query}`);
      expect([query, listed.body.data.length, listed.body.meta.total]).toEqual([query, count, count]);
    }
  });

  test("puts right what is mistyped of a page", async () => {
    const { request, path } = await startWithSource();
    const rows = [
      ["", 1, 25],
      ["page=2&per_page=10", 2, 10],
      ["page=abc&per_page=abc", 1, 25],
      ["page=0&per_page=0", 1, 1],
      ["page=-3&per_page=-3", 1, 1],
      ["page=1.5&per_page=1.5", 1, 25],
      ["per_page=1000", 1, 100],
      ["per_page=Infinity", 1, 25],
      ["page=1&page=2", 2, 25],
      ["page=&per_page=", 1, 25],
      ["page=100&per_page=100", 100, 100],
    ] as const;
    for (const [query, page, perPage] of rows) {
      const listed = await request("GET", `${path}/events?${query}`);
      expect([query, listed.status, listed.body]).toEqual([
        query,
        200,
        { data: [], meta: { page, per_page: perPage, total: 0 } },
      ]);
    }
  });

  test("refuses what cannot be meant, and says why", async () => {
    const { request, path } = await startWithSource();
    const rows = [
      ["page=101&per_page=100", "page", "is beyond row 10000; pass the id of the last event you have as cursor"],
      ["page=401", "page", "is beyond row 10000; pass the id of the last event you have as cursor"],
      ["page=2&q=x", "page", "can't be combined with q; use cursor"],
      ["status=pending", "status", "is invalid"],
      ["signature_valid=yes", "signature_valid", "is invalid"],
      ["from=yesterday", "from", "is invalid"],
      ["to=2026-02-30T00:00:00Z", "to", "is invalid"],
      ["cursor=abc", "cursor", "is invalid"],
      ["event_type=%00", "event_type", "is invalid"],
    ] as const;
    for (const [query, field, message] of rows) {
      const refused = await request("GET", `${path}/events?${query}`);
      expect([query, refused.status, refused.body]).toEqual([
        query,
        422,
        { error: "Validation failed", details: { [field]: [message] } },
      ]);
    }
  });

  test("says that there are more than it counts, and where to go on", async () => {
    const event = newEvent({
      id: "019dc7f4-0e52-7a91-b3d7-8c4e6f1a2b93",
      sourceId: "019dc7f1-2b40-7c3e-9d51-3f6b0a8e4c27",
      eventType: null,
      receivedAtMs: 0,
    });
    const capped: EventList = { events: [event], total: { count: 10_000, capped: true }, nextBefore: event.id };
    const gateway = await startGateway({
      parts: ({ events }) => ({ events: { ...events, list: async () => capped } }),
    });
    const source = (await gateway.request("POST", "/webhooks/sources", generic)).body.data;
    const listed = await gateway.request("GET", `/webhooks/sources/${source.id}/events`);
    expect(listed.body.meta).toEqual({
      page: 1,
      per_page: 25,
      total: 10_000,
      total_capped: true,
      next_cursor: event.id,
    });
  });
});

describe("getting an event", () => {
  test("shows its deliveries, and what was received when it is asked for", async () => {
    await using receiver = await startReceiver();
    receiver.respondWith({ status: 200, body: "thanks" });
    const { request, path, send, source } = await startWithSource();
    const destination = (await request("POST", `${path}/destinations`, { url: receiver.url })).body.data;
    await send('{"type":"paid"}');
    const { id } = (await request("GET", `${path}/events`)).body.data[0];
    await vi.waitFor(async () => {
      expect((await request("GET", `${path}/events/${id}`)).body.data.status).toBe("succeeded");
    });
    const got = await request("GET", `${path}/events/${id}`);
    const delivery = {
      id: uuid,
      destination_id: destination.id,
      status: "success",
      response_status: 200,
      response_body: "thanks",
      attempt: 1,
      delivered_at: instant,
      created_at: instant,
      reason: null,
    };
    const event = {
      id,
      source_id: source.id,
      event_type: "paid",
      status: "succeeded",
      signature_valid: false,
      created_at: instant,
      deliveries: [delivery],
    };
    expect(got.body).toEqual({ data: event });
    expect(Object.keys(got.body.data)).toEqual(Object.keys(event));
    expect(Object.keys(got.body.data.deliveries[0])).toEqual(Object.keys(delivery));

    const whole = await request("GET", `${path}/events/${id}?include=payload,attempts`);
    expect(whole.body).toEqual({
      data: {
        ...event,
        deliveries: [
          {
            ...delivery,
            attempts: [
              {
                attempt: 1,
                code: null,
                error: null,
                response_status: 200,
                response_body: "thanks",
                duration_ms: expect.any(Number),
                started_at: instant,
              },
            ],
          },
        ],
        signature_reason: "no_secret",
        method: "POST",
        query: "a=1",
        sender_address: "127.0.0.1",
        headers: expect.arrayContaining([["x-own", "yes"]]),
        body: '{"type":"paid"}',
        body_encoding: "text",
      },
    });
  });

  test("shows a body that is no text in base64", async () => {
    const { request, path, send } = await startWithSource();
    const bytes = Buffer.from([0xff, 0x00, 0x01]);
    await send(bytes);
    const { id } = (await request("GET", `${path}/events`)).body.data[0];
    const got = await request("GET", `${path}/events/${id}?include=payload`);
    expect(got.body.data).toMatchObject({ body: bytes.toString("base64"), body_encoding: "base64" });
    expect(got.body.data).not.toHaveProperty("attempts");
  });

  test("refuses to include what there is not", async () => {
    const { request, path, send } = await startWithSource();
    await send("{}");
    const { id } = (await request("GET", `${path}/events`)).body.data[0];
    const refused = await request("GET", `${path}/events/${id}?include=payload,secrets`);
    expect([refused.status, refused.body.details]).toEqual([422, { include: ["has an invalid entry"] }]);
  });
});

describe("switching a destination off", () => {
  test.for([
    ["PATCH", { enabled: false }, { status: "cancelled", reason: "destination_disabled" }],
    ["DELETE", undefined, undefined],
  ] as const)("with %s ends what waits for its next try before the answer", async ([method, body, left]) => {
    await using receiver = await startReceiver();
    receiver.respondWith({ status: 500 });
    const { request, path, send } = await startWithSource();
    const { id } = (await request("POST", `${path}/destinations`, { url: receiver.url })).body.data;
    await send("{}");
    const event = (await request("GET", `${path}/events`)).body.data[0];
    await vi.waitFor(async () => {
      const { deliveries } = (await request("GET", `${path}/events/${event.id}`)).body.data;
      expect(deliveries).toMatchObject([{ status: "pending", attempt: 1 }]);
    });
    await request(method, `${path}/destinations/${id}`, body);
    const { deliveries, status } = (await request("GET", `${path}/events/${event.id}`)).body.data;
    expect(deliveries).toEqual(left === undefined ? [] : [expect.objectContaining(left)]);
    expect(status).toBe("failed");
  });
});
