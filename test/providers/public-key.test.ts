import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";

import { describe, expect, test } from "vitest";

import { findHeader, type Headers } from "../../src/lib/headers.ts";
import type { SampleRequest } from "../../src/providers/sign.ts";
import { verify } from "../../src/providers/verify.ts";
import { judge, nowMs, shippedPreset, signedSample, sourceSecret, withHeader } from "../support/presets.ts";

const secret = "a pair of keys";

const senders = [
  {
    provider: "discord",
    signature: "x-signature-ed25519",
    time: "x-signature-timestamp",
    encoding: "hex",
    other: "base64",
  },
  {
    provider: "sendgrid",
    signature: "x-twilio-email-event-webhook-signature",
    time: "x-twilio-email-event-webhook-timestamp",
    encoding: "base64",
    other: "hex",
  },
] as const;

const reasonUnder = (provider: string, request: SampleRequest, secrets: readonly string[]): string =>
  verify(shippedPreset(provider).verification, { ...request, secrets, nowMs }).reason;

describe.for(senders)("$provider", ({ provider, signature, time, encoding, other }) => {
  const preset = shippedPreset(provider);
  const genuine = signedSample(preset, secret);
  const held = sourceSecret(preset, secret);
  const given = findHeader(genuine.headers, signature)!;
  const bytes = Buffer.from(given, encoding);

  test.for<[what: string, value: string, reason: string]>([
    ["as the sender writes it", given, "ok"],
    ["nothing", "", "missing_header"],
    ["the other encoding", bytes.toString(other), "malformed"],
    ["the other letter case", encoding === "hex" ? given.toUpperCase() : given.toLowerCase(), "malformed or mismatch"],
    ["a byte less", bytes.subarray(1).toString(encoding), "mismatch"],
    ["a byte more", Buffer.concat([bytes, Buffer.of(0)]).toString(encoding), "malformed or mismatch"],
    ["far more", Buffer.alloc(1_000, bytes).toString(encoding), "malformed"],
    ["zeros", Buffer.alloc(bytes.length).toString(encoding), "mismatch"],
    ["half a byte", given.slice(0, -1), "malformed"],
    ["a blank at the end", `${given} `, "malformed"],
    ["a character that latin1 would fold to the same byte", `${given}Ā`, "malformed"],
  ])("a signature of %s: %s", ([, value, reason]) => {
    expect(reason).toContain(judge(preset, withHeader(genuine, signature, value), secret).reason);
  });

  test.for([
    ["missing", []],
    ["empty", [""]],
    ["twice", [String(nowMs / 1000), String(nowMs / 1000)]],
    ["in words", ["now"]],
    ["another", [String(nowMs / 1000 + 1)]],
  ] as const)("a time that is %s is refused", ([, values]) => {
    const headers: Headers = [
      ...genuine.headers.filter(([name]) => name !== time),
      ...values.map((value) => [time, value] as const),
    ];
    expect(judge(preset, { ...genuine, headers }, secret).valid).toBe(false);
  });

  test("two signatures are refused, even when both are genuine", () => {
    const headers: Headers = [...genuine.headers, [signature, given]];
    expect(judge(preset, { ...genuine, headers }, secret).reason).toBe("malformed");
  });

  test("no age is too great, unless the operator says so", () => {
    const late = { ...genuine, secrets: [held], nowMs: nowMs + 86_400_000 };
    expect(verify(preset.verification, late).reason).toBe("ok");
    expect(verify(preset.verification, { ...late, toleranceSeconds: 300 }).reason).toBe("stale");
    expect(verify(preset.verification, { ...late, body: Buffer.from("{}"), toleranceSeconds: 300 }).reason).toBe(
      "mismatch",
    );
  });

  test.for([
    ["no key", "secret"],
    ["a key of another kind", generateKeyPairSync("ec", { namedCurve: "secp384r1" }).publicKey],
    ["a key of RSA", generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey],
    ["half of it", held.slice(0, held.length / 2)],
    ["far too long a text", held.repeat(1_000)],
    ["what only looks like PEM", `-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----`],
  ] as const)("nothing is genuine under %s, and nothing throws", ([, key]) => {
    const text = typeof key === "string" ? key : key.export({ format: "der", type: "spki" }).toString("base64");
    expect(reasonUnder(provider, genuine, [text])).toBe("mismatch");
    expect(reasonUnder(provider, genuine, [text, held])).toBe("ok");
  });

  test("the key may be copied with blanks around it", () => {
    expect(reasonUnder(provider, genuine, [` ${held}\n`])).toBe("ok");
  });
});

test("SendGrid's key may be written as PEM", () => {
  const preset = shippedPreset("sendgrid");
  const der = Buffer.from(sourceSecret(preset, secret), "base64");
  const pem = createPublicKey({ key: der, format: "der", type: "spki" }).export({ format: "pem", type: "spki" });
  expect(reasonUnder("sendgrid", signedSample(preset, secret), [pem])).toBe("ok");
});

test("Discord's key may be in upper case", () => {
  const preset = shippedPreset("discord");
  expect(reasonUnder("discord", signedSample(preset, secret), [sourceSecret(preset, secret).toUpperCase()])).toBe("ok");
});

test("a key of Ed25519 verifies no signature of SendGrid's form", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const body = Buffer.from("{}");
  const mac = sign(null, Buffer.concat([Buffer.from("1"), body]), privateKey).toString("base64");
  const headers: Headers = [
    ["x-twilio-email-event-webhook-signature", mac],
    ["x-twilio-email-event-webhook-timestamp", "1"],
  ];
  const key = publicKey.export({ format: "der", type: "spki" }).toString("base64");
  expect(reasonUnder("sendgrid", { headers, query: "", body }, [key])).toBe("mismatch");
});
