import { expect, test } from "vitest";

import { http } from "../../harness/http.ts";
import { startGateway } from "../support/gateway.ts";

test("/healthz and /readyz answer without a key", async () => {
  const { url } = await startGateway();
  for (const path of ["/healthz", "/readyz"]) {
    const answer = await http(url + path);
    expect([path, answer.status, answer.body.toString()]).toEqual([path, 200, '{"ok":true}']);
  }
});

test("/metrics is open without a token", async () => {
  const { url } = await startGateway();
  const answer = await http(`${url}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers["content-type"]).toMatch(/^text\/plain/);
  expect(answer.body.toString()).toContain("# TYPE postern_api_requests_total counter");
});

test.for([
  [undefined, 401],
  ["Bearer wrong", 401],
  ["Basic the-token", 401],
  ["the-token", 401],
  ["Bearer the-token", 200],
  ["bearer the-token", 200],
] as const)("/metrics with a token answers %s with %i", async ([authorization, status]) => {
  const { url } = await startGateway({ environment: { METRICS_TOKEN: "the-token" } });
  const answer = await http(`${url}/metrics`, { headers: authorization === undefined ? {} : { authorization } });
  expect(answer.status).toBe(status);
  if (status === 401) expect(answer.body.toString()).toBe('{"error":"Invalid or missing token"}');
});
