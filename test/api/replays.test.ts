import { describe, expect, test } from "vitest";

import { http } from "../../harness/http.ts";
import type { KrafterParts } from "../../src/api/krafter/parts.ts";
import type { Replay } from "../../src/api/krafter/ports.ts";
import { startGateway } from "../support/gateway.ts";

const generic = { name: "x", require_signature: false };

describe("replaying an event", () => {
  const first = "019dc7f2-90a1-7d04-8b1c-5e2f7c9a1d38";

  test.for([
    [{ kind: "queued", destinationIds: [first] }, 202, { data: { replayed_to: 1, queued_destination_ids: [first] } }],
    [{ kind: "queued", destinationIds: [] }, 202, { data: { replayed_to: 0, queued_destination_ids: [] } }],
    [{ kind: "not_found" }, 404, { error: "Not found" }],
    [
      { kind: "unknown_destination" },
      422,
      { error: "Validation failed", details: { destination_ids: ["has an invalid entry"] } },
    ],
    [{ kind: "invalid_signature" }, 422, { error: "Cannot replay an event with an invalid signature" }],
    [{ kind: "unreadable" }, 503, { error: "Cannot open the source's signing secret" }],
  ] as const)("that comes to %j is answered %i", async ([outcome, status, body]) => {
    const wishes: unknown[] = [];
    const gateway = await startGateway({
      parts: ({ replays }) => ({
        replays: {
          ...replays,
          replayOne: async (_owner, wish) => {
            wishes.push(wish);
            return outcome;
          },
        },
      }),
    });
    const { request, url } = gateway;
    const source = (await request("POST", "/webhooks/sources", generic)).body.data;
    await http(`${url}/in/${source.slug}`, { method: "POST", body: "{}" });
    const path = `/webhooks/sources/${source.id}/events`;
    const { id } = (await request("GET", path)).body.data[0];
    for (const sent of [undefined, {}, { destination_ids: [] }, { destination_ids: [first.toUpperCase()] }]) {
      const answered = await request("POST", `${path}/${id}/replay`, sent);
      expect([answered.status, answered.body]).toEqual([status, body]);
      expect(answered.headers["retry-after"]).toBe(status === 503 ? "5" : undefined);
    }
    expect(wishes).toEqual(
      [undefined, undefined, [], [first]].map((destinationIds) => ({
        sourceId: source.id,
        eventId: id,
        destinationIds,
      })),
    );
  });
});

describe("replaying many events", () => {
  const replay: Replay = {
    id: "019dc8a0-11f3-7c55-8f0a-2b3c4d5e6f70",
    sourceId: "019dc7f1-2b40-7c3e-9d51-3f6b0a8e4c27",
    status: "running",
    total: 120,
    queued: 40,
    succeeded: 38,
    failed: 1,
    cancelled: 2,
    skipped: 3,
    resumes: null,
    resumedBy: null,
    createdAtMs: Date.parse("2026-04-26T12:00:00.999Z"),
  };
  const shown = {
    id: replay.id,
    status: "running",
    total: 120,
    queued: 40,
    succeeded: 38,
    failed: 1,
    created_at: "2026-04-26T12:00:00Z",
    cancelled: 2,
    skipped: 3,
    resumes: null,
    resumed_by: null,
  };

  const startWith = async (answers: Partial<KrafterParts["replays"]>) => {
    const gateway = await startGateway({ parts: ({ replays }) => ({ replays: { ...replays, ...answers } }) });
    const source = (await gateway.request("POST", "/webhooks/sources", generic)).body.data;
    return { ...gateway, path: `/webhooks/sources/${source.id}/replays` };
  };

  test("starts one with the filter that was sent", async () => {
    const wishes: unknown[] = [];
    const { request, path } = await startWith({
      start: async (_owner, _sourceId, wish) => {
        wishes.push(wish);
        return { kind: "started", replay };
      },
    });
    const sent = {
      event_type: "invoice.paid",
      status: "cancelled",
      from: "2026-04-26T00:00:00Z",
      to: "2026-04-27T00:00:00+02:00",
      destination_ids: ["019DC7F2-90A1-7D04-8B1C-5E2F7C9A1D38"],
      rate_per_second: 1000,
    };
    const started = await request("POST", path, sent);
    expect([started.status, started.body]).toEqual([202, { data: shown }]);
    expect(Object.keys(started.body.data)).toEqual(Object.keys(shown));
    expect((await request("POST", path)).status).toBe(202);
    expect(wishes).toMatchObject([
      {
        filter: {
          eventType: "invoice.paid",
          status: "cancelled",
          fromMs: Date.parse("2026-04-26T00:00:00Z"),
          toMs: Date.parse("2026-04-26T22:00:00Z"),
          destinationIds: ["019dc7f2-90a1-7d04-8b1c-5e2f7c9a1d38"],
        },
        ratePerSecond: 1000,
      },
      { filter: {}, ratePerSecond: null },
    ]);
  });

  test.for([
    [{ kind: "unknown_destination" }, { destination_ids: ["has an invalid entry"] }],
    [{ kind: "limit_reached", max: 5 }, { base: ["can't have more than 5 replays running"] }],
  ] as const)("that comes to %j is answered 422", async ([outcome, details]) => {
    const { request, path } = await startWith({ start: async () => outcome });
    const refused = await request("POST", path, {});
    expect([refused.status, refused.body]).toEqual([422, { error: "Validation failed", details }]);
  });

  test("tells what a dry run would send, and starts nothing", async () => {
    const { request, path } = await startWith({
      plan: async () => ({ kind: "planned", total: 7, sample: [] }),
      start: () => Promise.reject(new Error("nothing may be started")),
    });
    const planned = await request("POST", path, { dry_run: true });
    expect([planned.status, planned.body]).toEqual([200, { data: { total: 7, sample: [] } }]);
  });

  test("lists, shows and cancels", async () => {
    const { request, path } = await startWith({
      list: async () => [replay],
      get: async () => replay,
      cancel: async () => ({ ...replay, status: "cancelled" }),
    });
    expect((await request("GET", path)).body).toEqual({ data: [shown] });
    expect((await request("GET", `${path}/${replay.id}`)).body).toEqual({ data: shown });
    const cancelled = await request("DELETE", `${path}/${replay.id}`);
    expect([cancelled.status, cancelled.body]).toEqual([200, { data: { ...shown, status: "cancelled" } }]);
  });

  const later = "019dc8b4-62a7-7e08-9c31-7d1e5f2a3b4c";

  test("resumes one, at its rate or another", async () => {
    const wishes: unknown[] = [];
    const { request, path } = await startWith({
      get: async () => ({ ...replay, status: "cancelled", resumedBy: later }),
      resume: async (_owner, wish) => {
        wishes.push(wish);
        return { kind: "started", replay: { ...replay, id: later, resumes: replay.id } };
      },
    });
    expect((await request("GET", `${path}/${replay.id}`)).body.data).toMatchObject({ resumed_by: later });
    for (const sent of [undefined, { rate_per_second: 50 }, { rate_per_second: null }]) {
      const resumed = await request("POST", `${path}/${replay.id}/resume`, sent);
      expect([resumed.status, resumed.body]).toEqual([202, { data: { ...shown, id: later, resumes: replay.id } }]);
    }
    const refused = await request("POST", `${path}/${replay.id}/resume`, { rate_per_second: 1_001 });
    expect(refused.status).toBe(422);
    expect(wishes).toMatchObject(
      [undefined, 50, null].map((ratePerSecond) => ({ replayId: replay.id, ratePerSecond })),
    );
  });

  test.for([
    [{ kind: "running" }, "is running; cancel it first"],
    [{ kind: "completed" }, "is completed"],
    [{ kind: "ending" }, "is ending: attempts are under way; try again in a few seconds"],
    [{ kind: "resumed", by: later }, `is resumed by ${later}`],
    [{ kind: "cut_too_often", max: 50 }, "can't be resumed: 50 before it were cancelled early, too; make a new one"],
    [{ kind: "limit_reached", max: 20 }, "can't have more than 20 replays running"],
  ] as const)("says why one that comes to %j cannot be resumed", async ([outcome, message]) => {
    const { request, path } = await startWith({ get: async () => replay, resume: async () => outcome });
    const refused = await request("POST", `${path}/${replay.id}/resume`);
    expect([refused.status, refused.body]).toEqual([422, { error: "Validation failed", details: { base: [message] } }]);
  });

  test("has nothing to resume where there is nothing", async () => {
    const { request, path } = await startWith({ get: async () => replay, resume: async () => ({ kind: "not_found" }) });
    expect((await request("POST", `${path}/${replay.id}/resume`)).status).toBe(404);
  });
});
