import { expect, test } from "vitest";

import { http } from "../../harness/http.ts";
import { startGateway } from "../support/gateway.ts";
import { makeSource } from "../support/journey.ts";

test("a second host name answers at ingest URLs and nowhere else", async () => {
  const gateway = await startGateway({ environment: { INGEST_HOST: "in.example.com" } });
  const source = await makeSource(gateway, { provider: "generic" });
  const on = (host: string, path: string, method = "GET"): Promise<number> =>
    http(gateway.url + path, { method, headers: { host } }).then(({ status }) => status);

  expect(await on("in.example.com", `/in/${source.slug}`, "POST")).toBe(200);
  expect(await on("IN.example.com:443", `/in/${source.slug}`, "POST")).toBe(200);
  // Everything else is unknown there, also what only looks like a slug.
  for (const path of ["/", "/api/v1/webhooks/sources", "/healthz", "/metrics", "/docs", `/xx/${source.slug}`]) {
    expect([path, await on("in.example.com", path)]).toEqual([path, 404]);
  }
  for (const host of [
    "in.example.com:8080",
    "In.Example.Com",
    "in.example.com.",
    "in.example.com.:443",
    "in.example.com:",
  ]) {
    expect([host, await on(host, "/healthz")]).toEqual([host, 404]);
  }
  expect(await on("hooks.example.com", "/healthz")).toBe(200);
  expect(await on("hooks.example.com", `/in/${source.slug}`, "POST")).toBe(200);
});
