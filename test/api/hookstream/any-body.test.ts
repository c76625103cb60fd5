import fc from "fast-check";
import { expect, test } from "vitest";

import { startGateway } from "../../support/gateway.ts";
import { callerOf, emptySource } from "../../support/hookstream.ts";

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 10 }),
  fc.constantFrom("", "••••", "stripe", "x-own", "a.b", "••••abcd", "[]", "{}", "null", "9007199254740993"),
);
const anything = fc.oneof(fc.jsonValue(), text);

/** Values that a field may take, and some that it may not. */
const fields = {
  org_id: fc.constantFrom(null, ""),
  description: text,
  template: fc.constantFrom("stripe", "github", "custom", "standard_webhooks", "sendgrid", "dropbox", null, "nonsense"),
  type: fc.constantFrom("http", "websocket", null),
  source_config: fc.oneof(fc.object({ maxDepth: 2 }), fc.constantFrom('{"headers":{"a":"b"}}', null)),
  verification_enabled: fc.constantFrom(true, false, 0, 1, null),
  verification_type: fc.constantFrom(
    "hmac_sha256",
    "HMAC-SHA512",
    "ed25519",
    "basic",
    "token",
    "jwt",
    null,
    "nonsense",
  ),
  verification_secret: text,
  verification_header: text,
  verification_config: fc.oneof(
    fc.record({ tolerance_seconds: fc.nat(1_000), signed: text, timestamp_header: text }, { requiredKeys: [] }),
    fc.constantFrom({}, null, "{}"),
  ),
  dedup_enabled: fc.boolean(),
  dedup_strategy: fc.constantFrom("payload_hash", "header_field", "body_field", "provider_id", null),
  dedup_field: text,
  dedup_window_seconds: fc.nat(3_000_000),
  ip_allowlist: fc.array(fc.constantFrom("::1", "10.0.0.0/8", "nonsense"), { maxLength: 2 }),
  ip_denylist: fc.constantFrom(["0.0.0.0/0"], [], "[]", null),
  schema_validation_enabled: fc.boolean(),
  json_schema: fc.constantFrom({ type: "object" }, { type: 5 }, true, "{}", null),
  schema_action: fc.constantFrom("warn", "reject", null),
  status: fc.constantFrom("active", "paused", "disabled", null),
  is_ephemeral: fc.boolean(),
  expires_at: fc.constantFrom("2199-01-01T00:00:00Z", "2000-01-01T00:00:00Z", null, "nonsense"),
  request_limit: fc.integer({ min: -1, max: 10 }),
};

const sensible = fc.record(fields, { requiredKeys: [] });
const { org_id: _place, ...judged } = fields;
const odd = fc.dictionary(fc.constantFrom(...Object.keys(judged), "__proto__", "constructor", "id"), anything, {
  maxKeys: 4,
});
const bodies = fc.oneof(sensible, odd);

/** What is JSON on the way: a lone surrogate is none. */
const toJson = (body: object): string => JSON.stringify(body).replaceAll(/\\ud[89a-f][0-9a-f]{2}/gi, "x");

test("whatever is sent makes a source that can be shown and sent back, or is refused with a reason", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  let number = 0;
  await fc.assert(
    fc.asyncProperty(bodies, bodies, async (made, changed) => {
      number += 1;
      const answered = await call("POST", "/v1/sources", { body: toJson({ ...made, name: "x", slug: `s-${number}` }) });
      expect([201, 400]).toContain(answered.status);
      if (answered.status === 400) {
        expect(answered.body.error).toMatch(/^Invalid body: '/);
        return;
      }
      const path = `/v1/sources/${answered.body.source.id}`;
      expect(Object.keys(answered.body.source)).toEqual(Object.keys(emptySource));
      const shown = (await call("GET", path)).body.source;
      const sentBack = await call("PATCH", path, { body: shown });
      expect([sentBack.status, sentBack.body.source ?? sentBack.body]).toEqual([200, shown]);
      const patched = await call("PATCH", path, { body: toJson(changed) });
      expect([200, 400]).toContain(patched.status);
      if (patched.status === 400) expect((await call("GET", path)).body.source).toEqual(shown);
      expect((await call("GET", path)).status).toBe(200);
      await call("DELETE", path);
    }),
    { numRuns: 80 },
  );
}, 60_000);
