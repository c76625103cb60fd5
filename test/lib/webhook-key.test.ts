import { expect, test } from "vitest";

import { webhookKey, webhookKeysOfSender } from "../../src/lib/webhook-key.ts";

const key = Buffer.alloc(24, 0xfb);
const base64 = key.toString("base64");
const text = (secret: string): Buffer => Buffer.from(secret, "utf8");

test.for([
  ["whsec_ and 24 bytes in base64", `whsec_${base64}`, key],
  ["whsec_ and exactly 16 bytes", `whsec_${key.subarray(0, 16).toString("base64")}`, key.subarray(0, 16)],
  ["no prefix", base64, text(base64)],
  ["15 bytes", `whsec_${key.toString("base64", 0, 15)}`, text(`whsec_${key.toString("base64", 0, 15)}`)],
  ["the url-safe alphabet", `whsec_${key.toString("base64url")}`, text(`whsec_${key.toString("base64url")}`)],
  ["a space among the base64", `whsec_${base64} `, text(`whsec_${base64} `)],
  ["stray bits in the last character", "whsec_AAAAAAAAAAAAAAAAAAAAAB==", text("whsec_AAAAAAAAAAAAAAAAAAAAAB==")],
  ["a passphrase", "whsec_correct horse", text("whsec_correct horse")],
  ["other scripts", "пароль", text("пароль")],
] as const)("the key of a secret with %s", ([, secret, expected]) => {
  expect(webhookKey(secret)).toEqual(Buffer.from(expected));
});

test("a sender may mean a bare base64 secret either way, and a prefixed one only one way", () => {
  expect(webhookKeysOfSender(base64)).toEqual([key, text(base64)]);
  expect(webhookKeysOfSender(`whsec_${base64}`)).toEqual([key]);
  expect(webhookKeysOfSender("passphrase")).toEqual([text("passphrase")]);
});
