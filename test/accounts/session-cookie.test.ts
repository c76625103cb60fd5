import fc from "fast-check";
import { expect, test } from "vitest";

import { readSessionToken, sessionCookieHeader } from "../../src/accounts/session-cookie.ts";

const secrets = ["the new secret of a gateway", "the old secret of a gateway"] as const;
const token = "abcdefghijklmnopqrstuvwxyz012345";

test("a token that was signed with any of the secrets is read, and with no other", () => {
  for (const secret of secrets) expect(readSessionToken(sessionCookieHeader(token, secret), secrets)).toBe(token);
  expect(readSessionToken(sessionCookieHeader(token, "another secret"), secrets)).toBeNull();
  expect(readSessionToken(sessionCookieHeader(token, secrets[0]), [])).toBeNull();
});

test("whatever stands around it, among it or in its place: it is read as it was given out, or not at all", () => {
  const own = sessionCookieHeader(token, secrets[0]);
  const name = own.slice(0, own.indexOf("="));
  const anything = fc.oneof(
    fc.string({ unit: "binary", maxLength: 600 }),
    fc.string({ maxLength: 60 }).map((value) => `${name}=${value}`),
    fc.nat(own.length - 1).map((at) => `${own.slice(0, at)}x${own.slice(at + 1)}`),
    fc.nat(own.length - 1).map((at) => own.slice(0, at)),
  );
  fc.assert(
    fc.property(anything, (header) => {
      // The character that was put in may have been the one that was there.
      expect(readSessionToken(header, secrets)).toBe(header.includes(own) ? token : null);
    }),
    { numRuns: 2_000 },
  );
});

test("of many cookies of the name only the first few are looked at", () => {
  const many = Array.from({ length: 8 }, () => `better-auth.session_token=${token}.${"A".repeat(43)}%3D`);
  const own = sessionCookieHeader(token, secrets[0]);
  expect(readSessionToken([...many.slice(1), own].join("; "), secrets)).toBe(token);
  expect(readSessionToken([...many, own].join("; "), secrets)).toBeNull();
});
