import { expect, test } from "vitest";

import { http } from "../../harness/http.ts";
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

test("/readyz says why events cannot be taken", async () => {
  const { url } = await startGateway({ environment: { DISK_FREE_MIN_BYTES: String(1024 ** 4) } });
  const answer = await http(`${url}/readyz`);
  expect(answer.status).toBe(503);
  expect(answer.headers["retry-after"]).toBe("5");
  expect(JSON.parse(answer.body.toString())).toEqual({ ok: false, error: expect.stringMatching(/disk/) });
  expect((await http(`${url}/healthz`)).status).toBe(200);
});
