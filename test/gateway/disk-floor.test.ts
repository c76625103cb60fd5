import { expect, test } from "vitest";

import { startGateway } from "../support/gateway.ts";
import { makeSource, post } from "../support/journey.ts";

test("invariant 12: below the disk floor events are refused for now, and management goes on", async () => {
  const gateway = await startGateway({ environment: { DISK_FREE_MIN_BYTES: String(2 ** 40) } });
  const source = await makeSource(gateway, { provider: "generic" });
  const answer = await post(source, { headers: {}, body: "{}" });
  expect([answer.status, answer.body.toString(), answer.headers["retry-after"]]).toEqual([
    503,
    '{"error":"overloaded"}',
    "5",
  ]);
  const ready = await gateway.request("GET", "/readyz");
  expect([ready.status, ready.body]).toEqual([503, { ok: false, error: "the disk is almost full" }]);
  expect((await gateway.request("GET", `/webhooks/sources/${source.id}`)).status).toBe(200);
  expect(gateway.log.lines.join("\n")).toContain("the disk is almost full");
});
