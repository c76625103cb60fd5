import { describe, expect, test } from "vitest";

import type { Headers } from "../../src/lib/headers.ts";
import { credentialPlaces } from "../../src/providers/credential-headers.ts";
import type { Preset } from "../../src/providers/preset.ts";
import type { Scheme } from "../../src/providers/scheme.ts";
import { isTimestamped, resign, signSample } from "../../src/providers/sign.ts";
import { verify } from "../../src/providers/verify.ts";
import { nowMs, shippedPreset } from "../support/presets.ts";

const token: Scheme = { kind: "token", place: { in: "header", name: "x-gitlab-token" } };
const queryToken: Scheme = { kind: "token", place: { in: "query", name: "token" } };
const bearer: Scheme = { kind: "bearer" };
const basic: Scheme = { kind: "basic" };

const judge = (scheme: Scheme, { headers = [], query = "" }: { headers?: Headers; query?: string }): string =>
  verify(scheme, { headers, query, body: Buffer.from("{}"), secrets: ["user:pass ü"], nowMs }).reason;

const wire = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
const base64 = (text: string): string => Buffer.from(text, "utf8").toString("base64");

test.for([
  ["the secret", wire("user:pass ü"), "ok"],
  ["a beginning of it", "user", "mismatch"],
  ["it and more", wire("user:pass ü!"), "mismatch"],
  ["it in upper case", wire("USER:PASS ü"), "mismatch"],
  ["nothing", "", "missing_header"],
  ["text that latin1 would fold onto it", `\u0175ser:pass \u00c3\u00bc`, "malformed"],
] as const)("a token header with %s: %s", ([, value, reason]) => {
  expect(judge(token, { headers: [["x-gitlab-token", value]] })).toBe(reason);
});

test("a token sent twice is refused", () => {
  const header = ["x-gitlab-token", wire("user:pass ü")] as const;
  expect(judge(token, { headers: [header, header] })).toBe("malformed");
});

test.for([
  ["token=user%3Apass+%C3%BC&a=1", "ok"],
  ["a=1&token=user:pass%20%C3%BC", "ok"],
  ["token=user", "mismatch"],
  ["token=", "missing_header"],
  ["a=1", "missing_header"],
  ["", "missing_header"],
  ["token=user%3Apass+%C3%BC&token=x", "malformed"],
  ["token=%ff%zz", "mismatch"],
] as const)("a token in the query %j: %s", ([query, reason]) => {
  expect(judge(queryToken, { query })).toBe(reason);
});

describe("bearer", () => {
  const judgeBearer = (value: string, secret = "s3cret"): string =>
    verify(bearer, { headers: [["authorization", value]], body: Buffer.of(), secrets: [secret], nowMs }).reason;

  test.for([
    ["Bearer s3cret", "ok"],
    ["bearer  s3cret", "ok"],
    ["Bearer S3cret", "mismatch"],
    ["Bearer s3cre", "mismatch"],
    ["Bearer ", "malformed"],
    ["Bearer s3cret s3cret", "malformed"],
    ["Basic s3cret", "malformed"],
    ["s3cret", "malformed"],
  ] as const)("%j: %s", ([value, reason]) => {
    expect(judgeBearer(value)).toBe(reason);
  });
});

test.for([
  [`Basic ${base64("user:pass ü")}`, "ok"],
  [`basic ${base64("user:pass ü")}`, "ok"],
  [`Basic ${base64("user:pass")}`, "mismatch"],
  [`Basic ${base64("user:pass ü").toLowerCase()}`, "mismatch"],
  ["Basic user:pass", "malformed"],
  [`Bearer ${base64("user:pass ü")}`, "malformed"],
  ["Basic", "malformed"],
] as const)("basic %j: %s", ([value, reason]) => {
  expect(judge(basic, { headers: [["authorization", value]] })).toBe(reason);
});

test("the places of credentials are named, so that they can be redacted; a signature is none", () => {
  const none = { headers: [], queryParameters: [] };
  expect(credentialPlaces(token)).toEqual({ headers: ["x-gitlab-token"], queryParameters: [] });
  expect(credentialPlaces(queryToken)).toEqual({ headers: [], queryParameters: ["token"] });
  expect(credentialPlaces(bearer)).toEqual({ headers: ["authorization"], queryParameters: [] });
  expect(credentialPlaces(basic)).toEqual({ headers: ["authorization"], queryParameters: [] });
  expect(credentialPlaces({ kind: "unverifiable" })).toEqual(none);
  for (const name of ["stripe", "github", "standard_webhooks"]) {
    expect(credentialPlaces(shippedPreset(name).verification)).toEqual(none);
  }
});

test.for([
  ["token", token],
  ["query token", queryToken],
  ["basic", basic],
] as const)("a sample with a %s presents the secret as its sender does", ([, verification]) => {
  const preset: Preset = { ...shippedPreset("generic"), verification };
  expect(judge(verification, signSample(preset, { secret: "user:pass ü", nowMs }))).toBe("ok");
});

test("a sample with a bearer token presents the secret", () => {
  const preset: Preset = { ...shippedPreset("generic"), verification: bearer };
  const sample = signSample(preset, { secret: "s3cret", nowMs });
  expect(verify(bearer, { ...sample, secrets: ["s3cret"], nowMs }).reason).toBe("ok");
});

test("only signatures with a time are ever made again", () => {
  const request = { headers: [], body: Buffer.from("{}") };
  for (const scheme of [token, bearer, basic, shippedPreset("github").verification]) {
    expect(isTimestamped(scheme)).toBe(false);
    expect(resign(scheme, request, { secret: "s", nowMs })).toBeNull();
  }
  expect(isTimestamped(shippedPreset("slack").verification)).toBe(true);
});
