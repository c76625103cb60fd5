import { describe, expect, test } from "vitest";

import { startGateway } from "../support/gateway.ts";

const blank = "can't be blank";
const wrong = "is invalid";
const entry = "has an invalid entry";
const atLeast = (min: number): string => `must be greater than or equal to ${min}`;
const atMost = (max: number): string => `must be less than or equal to ${max}`;

type Row = readonly [body: object, details: Readonly<Record<string, readonly string[]>>];

/** A body that is right but for one field, and what is said of that field. */
const rows = (
  right: object,
  wrongs: Readonly<Record<string, readonly (readonly [value: unknown, message: string])[]>>,
): Row[] =>
  Object.entries(wrongs).flatMap(([field, values]) =>
    values.map(([value, message]): Row => [{ ...right, [field]: value }, { [field]: [message] }]),
  );

const flag = [
  [null, blank],
  ["true", wrong],
  [1, wrong],
] as const;

const sourceFields = {
  name: [
    ["", blank],
    ["   ", blank],
    [null, blank],
    [5, wrong],
    ["x".repeat(256), wrong],
    ["a\0b", wrong],
    ["\ud800", wrong],
  ],
  provider: [
    ["", wrong],
    ["nobody", wrong],
    ["Stripe", wrong],
    ["__proto__", wrong],
    [null, blank],
  ],
  signing_secret: [
    [5, wrong],
    ["x".repeat(8193), wrong],
  ],
  signing_algorithm: [
    ["md5", wrong],
    ["SHA256", wrong],
    ["", wrong],
  ],
  signing_header: [
    ["X Sig", wrong],
    ["X-Sig:", wrong],
    ["x\r\ny", wrong],
    ["x".repeat(129), wrong],
  ],
  event_type_source: [["query", wrong]],
  event_type_path: [
    [["a"], wrong],
    ["x".repeat(256), wrong],
  ],
  enabled: flag,
  require_signature: flag,
  retention_days: [
    [0, atLeast(1)],
    [-5, atLeast(1)],
    [366, atMost(365)],
    [1e300, atMost(365)],
    [1.5, wrong],
    ["30", wrong],
    [null, blank],
  ],
  body_limit_bytes: [
    [0, atLeast(1)],
    [262_145, atMost(262_144)],
    ["1", wrong],
  ],
  rate_limit_per_minute: [
    [0, atLeast(1)],
    [1_000_001, atMost(1_000_000)],
  ],
} as const;

const rule = { field: "payload.a", op: "eq", value: "x" } as const;

const destinationFields = {
  url: [
    ["", blank],
    ["  ", blank],
    [null, blank],
    [5, wrong],
    ["https://api.example.com/a b", wrong],
    [" https://api.example.com/", wrong],
    ["https://api.example.com/\n", wrong],
    [`https://api.example.com/${"x".repeat(2048)}`, wrong],
  ],
  event_filter: [
    ["invoice.paid", wrong],
    [null, blank],
    [[""], entry],
    [[5], entry],
    [[null], entry],
    [["ok", "x".repeat(256)], entry],
    [["*"], entry],
    [[".*"], entry],
    [["in*voice"], entry],
    [["invoice.*.paid"], entry],
    [["invoice.*", "invoice*"], entry],
    [Array.from({ length: 501 }, (_, at) => `t${at}`), wrong],
  ],
  enabled: flag,
  ordered: flag,
  resign: flag,
  max_concurrency: [
    [0, atLeast(1)],
    [257, atMost(256)],
    [null, blank],
  ],
  rate_limit: [
    [0, atLeast(1)],
    [100_001, atMost(100_000)],
    ["5", wrong],
  ],
  rate_limit_period: [["day", wrong]],
  timeout_seconds: [
    [0, atLeast(1)],
    [61, atMost(60)],
  ],
  retry_schedule: [
    ["17", wrong],
    [[0], entry],
    [[604_801], entry],
    [[1.5], entry],
    [Array.from({ length: 51 }, () => 1), wrong],
  ],
  payload_format: [["xml", wrong]],
  forward_headers: [
    ["x-a", wrong],
    [["x a"], entry],
    [[""], entry],
    [Array.from({ length: 51 }, (_, at) => `x-${at}`), wrong],
  ],
  filter_rules: [
    ["payload.a", wrong],
    [{}, wrong],
    ['[{"field":"payload","op":"exists"}]', wrong],
    [[5], entry],
    [[null], entry],
    [[{}], entry],
    [[{ ...rule, op: "like" }], entry],
    [[{ ...rule, field: "nonsense" }], entry],
    [[{ ...rule, field: "payload..a" }], entry],
    [[{ ...rule, field: `payload.${"x".repeat(256)}` }], entry],
    [[{ ...rule, op: "gt" }], entry],
    [[{ ...rule, op: "in" }], entry],
    [[{ ...rule, op: "contains", value: 5 }], entry],
    [[rule, { ...rule, value: {} }], entry],
    [[{ ...rule, value: "x".repeat(1_025) }], entry],
    [Array.from({ length: 51 }, () => rule), wrong],
  ],
  transform_enabled: flag,
  transform_expression: [
    [5, wrong],
    ["x".repeat(16_385), wrong],
    ["\u0000", wrong],
    ["{", 'Expected ":" before end of expression'],
  ],
  circuit_breaker_enabled: flag,
  circuit_breaker_threshold: [
    [0, atLeast(1)],
    [1_001, atMost(1_000)],
    [1.5, wrong],
    [null, blank],
  ],
  circuit_breaker_reset_seconds: [
    [0, atLeast(1)],
    [86_401, atMost(86_400)],
    ["60", wrong],
    [null, blank],
  ],
} as const;

const invalid = (details: object) => ({ error: "Validation failed", details });

describe("a source", () => {
  const right = { name: "x" };

  test("is refused field by field when it is made and when it is changed", async () => {
    const { request } = await startGateway();
    const { id } = (await request("POST", "/webhooks/sources", right)).body.data;
    for (const [body, details] of rows(right, sourceFields)) {
      const made = await request("POST", "/webhooks/sources", body);
      expect([body, made.status, made.body]).toEqual([body, 422, invalid(details)]);
      const changed = await request("PATCH", `/webhooks/sources/${id}`, body);
      expect([body, changed.status, changed.body]).toEqual([body, 422, invalid(details)]);
    }
    expect((await request("GET", "/webhooks/sources")).body.data).toHaveLength(1);
  });

  test("needs a name, and says so beside what else is wrong", async () => {
    const { request } = await startGateway();
    expect((await request("POST", "/webhooks/sources")).body).toEqual(invalid({ name: [blank] }));
    expect((await request("POST", "/webhooks/sources", { retention_days: 0, provider: "nobody" })).body).toEqual(
      invalid({ name: [blank], provider: [wrong], retention_days: [atLeast(1)] }),
    );
  });

  test.for([
    { name: "x".repeat(255) },
    { name: "Überweisung 💸" },
    { name: "x", retention_days: 1 },
    { name: "x", retention_days: 365 },
    { name: "x", signing_secret: null, signing_header: null, signing_algorithm: null },
    { name: "x", signing_algorithm: "sha512", signing_secret: "x".repeat(8192) },
    { name: "x", body_limit_bytes: 262_144 },
  ])("is taken as %j", async (body) => {
    const { request } = await startGateway();
    const made = await request("POST", "/webhooks/sources", body);
    const { signing_secret: _, ...kept } = { signing_secret: null, ...body };
    expect(made.status).toBe(201);
    expect(made.body.data).toMatchObject(kept);
  });
});

describe("a destination", () => {
  const right = { url: "http://127.0.0.1:1/" };

  test("is refused field by field when it is made and when it is changed", async () => {
    const { request } = await startGateway();
    const source = (await request("POST", "/webhooks/sources", { name: "x" })).body.data;
    const path = `/webhooks/sources/${source.id}/destinations`;
    const { id } = (await request("POST", path, right)).body.data;
    for (const [body, details] of rows(right, destinationFields)) {
      const made = await request("POST", path, body);
      expect([body, made.status, made.body]).toEqual([body, 422, invalid(details)]);
      const changed = await request("PATCH", `${path}/${id}`, body);
      expect([body, changed.status, changed.body]).toEqual([body, 422, invalid(details)]);
    }
    for (const [secret, message] of [
      [null, blank],
      ["", blank],
      [" ", blank],
      [5, wrong],
      ["x".repeat(1025), wrong],
    ] as const) {
      const changed = await request("PATCH", `${path}/${id}`, { secret });
      expect([secret, changed.body]).toEqual([secret, invalid({ secret: [message] })]);
    }
    const transforms = { ...right, transform_enabled: true };
    for (const [method, to] of [
      ["POST", path],
      ["PATCH", `${path}/${id}`],
    ] as const) {
      const refused = await request(method, to, transforms);
      expect([method, refused.status, refused.body]).toEqual([method, 422, invalid({ transform_expression: [blank] })]);
    }
    expect((await request("POST", path)).body).toEqual(invalid({ url: [blank] }));
    expect((await request("GET", path)).body.data).toHaveLength(1);
  });
});

describe("a replay", () => {
  test.for(
    rows(
      {},
      {
        destination_ids: [
          ["x", wrong],
          [null, blank],
          [["x"], entry],
          [[5], entry],
        ],
        status: [
          ["pending", wrong],
          ["", wrong],
        ],
        from: [
          ["yesterday", wrong],
          ["2026-02-30T00:00:00Z", wrong],
          [5, wrong],
        ],
        rate_per_second: [
          [0, atLeast(1)],
          [1001, atMost(1000)],
          [null, blank],
        ],
        dry_run: flag,
      },
    ),
  )("of many events is refused for %j", async ([body, details]) => {
    const { request } = await startGateway();
    const source = (await request("POST", "/webhooks/sources", { name: "x" })).body.data;
    const refused = await request("POST", `/webhooks/sources/${source.id}/replays`, body);
    expect([refused.status, refused.body]).toEqual([422, invalid(details)]);
  });
});
