import { expect, test } from "vitest";

import { startGateway } from "../../support/gateway.ts";
import { callerOf, refusalOf } from "../../support/hookstream.ts";

const missing = { name: undefined, slug: undefined };

/** What is wrong with a body, and the sentence that says so. */
const invalid: readonly [sent: object, problem: string][] = [
  [missing, "'name' is required; 'slug' is required"],
  [{ name: null }, "'name' is required"],
  [{ name: "" }, "'name' must not be empty"],
  [{ name: " " }, "'name' must not be empty"],
  [{ name: 5 }, "'name' must be a string"],
  [{ name: "x".repeat(256) }, "'name' must have at most 255 characters"],
  [{ name: "a\0b" }, "'name' is invalid"],
  [{ slug: "A b" }, "'slug' must match pattern ^[a-z0-9-]+$"],
  [{ slug: "" }, "'slug' must match pattern ^[a-z0-9-]+$"],
  [{ slug: "a".repeat(101) }, "'slug' must have at most 100 characters"],
  [{ org_id: 5 }, "'org_id' must be a string"],
  [{ description: 5 }, "'description' must be a string"],
  [{ template: "nonsense" }, "'template' is not a template; GET /v1/sources/templates lists them"],
  [{ template: "../x" }, "'template' is not a template; GET /v1/sources/templates lists them"],
  [{ type: "smtp" }, "'type' must be one of http, websocket"],
  [{ source_config: [] }, "'source_config' must be an object"],
  [{ source_config: "nonsense" }, "'source_config' must be an object"],
  [{ source_config: 5 }, "'source_config' must be an object"],
  [{ source_config: { a: "x".repeat(16_384) } }, "'source_config' must have at most 16384 characters as JSON"],
  [{ verification_enabled: "true" }, "'verification_enabled' must be true or false"],
  [{ verification_enabled: 2 }, "'verification_enabled' must be true or false"],
  [{ verification_enabled: true }, "'verification_type' is required to verify"],
  [{ verification_enabled: true, verification_secret: "s" }, "'verification_type' is required to verify"],
  [{ verification_enabled: true, template: "stripe" }, "'verification_secret' is required to verify"],
  [
    { verification_enabled: true, template: "custom", verification_secret: "s" },
    "'verification_type' is required to verify",
  ],
  [{ verification_type: "hmac_sha256" }, "'verification_secret' is required to verify"],
  [{ verification_type: "hmac_sha256", verification_secret: "" }, "'verification_secret' is required to verify"],
  [{ verification_secret: "••••abcd" }, "'verification_secret' is a mask, not a secret"],
  [{ verification_secret: "x".repeat(8_193) }, "'verification_secret' must have at most 8192 characters"],
  [
    { verification_type: "jwt", verification_secret: "s", verification_config: { nonsense: 1 } },
    "'verification_config' has an unknown key 'nonsense'",
  ],
  [
    { verification_type: "ed25519", verification_secret: "s" },
    "'verification_config' needs a 'timestamp_header' for type ed25519",
  ],
  [{ verification_config: [] }, "'verification_config' must be an object"],
  [{ verification_header: "a b" }, "'verification_header' must match pattern"],
  [
    { dedup_strategy: "nonsense" },
    "'dedup_strategy' must be one of payload_hash, header_field, body_field, provider_id",
  ],
  [{ dedup_strategy: "header_field" }, "'dedup_field' is required for dedup_strategy header_field"],
  [{ dedup_strategy: "body_field" }, "'dedup_field' is required for dedup_strategy body_field"],
  [{ dedup_strategy: "header_field", dedup_field: "a b" }, "'dedup_field' must be the name of a header"],
  [{ dedup_strategy: "provider_id" }, "'dedup_strategy' provider_id needs a template whose events have an id"],
  [{ dedup_field: "" }, "'dedup_field' must not be empty"],
  [{ dedup_window_seconds: -1 }, "'dedup_window_seconds' must be at least 0"],
  [{ dedup_window_seconds: 2_592_001 }, "'dedup_window_seconds' must be at most 2592000"],
  [{ dedup_window_seconds: 1.5 }, "'dedup_window_seconds' must be a whole number"],
  [{ dedup_window_seconds: "60" }, "'dedup_window_seconds' must be a number"],
  [{ ip_allowlist: ["10.0.0.0/33"] }, "'ip_allowlist[0]' must be an IP address or a CIDR"],
  [{ ip_denylist: ["::1", "nonsense"] }, "'ip_denylist[1]' must be an IP address or a CIDR"],
  [{ ip_allowlist: [5] }, "'ip_allowlist[0]' must be a string"],
  [{ ip_allowlist: "10.0.0.1" }, "'ip_allowlist' must be an array"],
  [{ ip_allowlist: { a: 1 } }, "'ip_allowlist' must be an array"],
  [{ ip_denylist: Array.from({ length: 1_001 }, () => "::1") }, "'ip_denylist' must have at most 1000 entries"],
  [{ schema_validation_enabled: true }, "'json_schema' is required to validate"],
  [{ json_schema: 5 }, "'json_schema' must be a JSON Schema"],
  [{ json_schema: "{" }, "'json_schema' must be a JSON Schema"],
  [{ json_schema: { type: "nonsense" } }, "'json_schema' /type"],
  [{ json_schema: { $ref: "https://example.com/schema" } }, "'json_schema' /$ref"],
  [{ json_schema: { pattern: "(a)\\1" } }, "'json_schema' /pattern"],
  [{ schema_action: "drop" }, "'schema_action' must be one of reject, warn"],
  [{ status: "gone" }, "'status' must be one of active, paused, disabled"],
  [{ is_ephemeral: "x" }, "'is_ephemeral' must be true or false"],
  [{ expires_at: "tomorrow" }, "'expires_at' must be an ISO 8601 time with an offset or Z"],
  [{ expires_at: "2020-01-01T00:00:00Z" }, "'expires_at' must lie in the future"],
  [{ request_limit: 0 }, "'request_limit' must be at least 1"],
  [{ name: "", slug: "A" }, "'name' must not be empty; 'slug' must match pattern ^[a-z0-9-]+$"],
];

test("what cannot be taken is 400, in a sentence that names the field", async () => {
  const call = callerOf(await startGateway());
  for (const [sent, problem] of invalid) {
    const refused = await call("POST", "/v1/sources", { body: { name: "x", slug: "x", ...sent } });
    expect([sent, refused.status]).toEqual([sent, 400]);
    expect([sent, refused.body]).toEqual([sent, { ...refusalOf(400, "")[1], error: expect.any(String) }]);
    expect(String(refused.body.error)).toSatisfy((error: string) => error.startsWith(`Invalid body: ${problem}`));
  }
  expect((await call("GET", "/v1/sources")).body.sources).toEqual([]);
});

test("a body that is no JSON object, or of another type, is 400", async () => {
  const call = callerOf(await startGateway());
  const rowsOfText = [
    ["{not json", "Request body is not valid JSON"],
    ["[]", "Request body must be a JSON object"],
    ["null", "Request body must be a JSON object"],
    ['{"a":12345678901234567890', "Request body is not valid JSON"],
  ] as const;
  for (const [body, error] of rowsOfText) {
    const refused = await call("POST", "/v1/sources", { body });
    expect([body, refused.status, refused.body]).toEqual([body, ...refusalOf(400, error)]);
  }
  const wrongType = refusalOf(400, "Invalid body: the content type must be application/json");
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"]) {
    const refused = await call("POST", "/v1/sources", {
      body: { name: "x", slug: "x" },
      headers: { "content-type": type },
    });
    expect([refused.status, refused.body]).toEqual(wrongType);
  }
  const charset = { "content-type": "application/json; charset=utf-8" };
  expect((await call("POST", "/v1/sources", { body: { name: "x", slug: "x" }, headers: charset })).status).toBe(201);
});

test("what is too large, or too deep, is refused", async () => {
  const call = callerOf(await startGateway());
  const large = await call("POST", "/v1/sources", { body: { name: "x", slug: "x", pad: "x".repeat(1024 * 1024) } });
  expect([large.status, large.body]).toEqual(refusalOf(413, "Request body too large"));
  for (const field of ["source_config", "json_schema", "nonsense"]) {
    const deep = `{"name":"x","slug":"x","${field}":{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}}`;
    const refused = await call("POST", "/v1/sources", { body: deep });
    expect([field, refused.status, refused.body]).toEqual([field, ...refusalOf(400, "Request body is not valid JSON")]);
  }
});
