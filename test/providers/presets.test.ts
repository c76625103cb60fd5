import { describe, expect, test } from "vitest";

import { credentialPlaces } from "../../src/providers/credential-headers.ts";
import { deliveryIdOf, eventTypeOf } from "../../src/providers/resolve.ts";
import { isTimestamped, resign } from "../../src/providers/sign.ts";
import { verify } from "../../src/providers/verify.ts";
import { ingestUrl as url, judge, nowMs, shippedPresets, signedSample, sourceSecret } from "../support/presets.ts";

const secret = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const otherSecret = `whsec_${Buffer.alloc(32, 2).toString("base64")}`;
const dayMs = 86_400_000;

const readJson = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
};

test("the presets that the APIs name are all there", () => {
  const names = shippedPresets.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["stripe", "github", "shopify", "generic"]));
  expect(names).toEqual(expect.arrayContaining(["slack", "paddle", "standard_webhooks"]));
  const templates = "twilio sendgrid intercom linear clerk svix resend postmark typeform".split(" ");
  expect(names).toEqual(expect.arrayContaining(templates));
});

// Every preset is held to this by being there: adding a sender is adding one file.
describe.for(shippedPresets)("$name", (preset) => {
  const signed = signedSample(preset, secret);
  const held = sourceSecret(preset, secret);

  test("accepts its signed sample", () => {
    expect(judge(preset, signed, secret)).toEqual({ valid: true, reason: "ok" });
  });

  test("accepts it with the secret before a rotation, and with the one after", () => {
    for (const secrets of [
      [sourceSecret(preset, otherSecret), held],
      [held, sourceSecret(preset, otherSecret)],
    ]) {
      expect(verify(preset.verification, { ...signed, url, secrets, nowMs }).valid).toBe(true);
    }
  });

  test("refuses it under another source's secret", () => {
    expect(judge(preset, signed, otherSecret)).toEqual({ valid: false, reason: "mismatch" });
  });

  test.for([[[]], [[""]], [[" "]]])("refuses it under the secrets %j", ([secrets]) => {
    const verdict = verify(preset.verification, { ...signed, url, secrets: secrets!, nowMs });
    expect(verdict).toEqual({ valid: false, reason: "no_secret" });
  });

  test("refuses it without what the sender adds", () => {
    const bare = { headers: preset.sample.headers, query: "", body: Buffer.from(preset.sample.body) };
    // A proof in the body is there in the sample, too, and none of any secret.
    const reason = preset.verification.kind === "body_proof" ? "mismatch" : "missing_header";
    expect(judge(preset, bare, secret)).toEqual({ valid: false, reason });
  });

  test("refuses a sample signed with an empty or guessed secret", () => {
    for (const guess of ["", "secret", preset.name]) {
      expect(judge(preset, signedSample(preset, guess), secret).valid).toBe(false);
    }
  });

  test("reads the event type and the delivery id that the sample says", () => {
    const readBody = (): unknown => readJson(signed.body);
    expect(eventTypeOf(preset, signed.headers, readBody)).toBe(preset.sample.eventType);
    expect(deliveryIdOf(preset, signed.headers, readBody)).toBe(preset.sample.deliveryId);
  });

  test("forwards every header that its own SDK would verify, and never the credential", () => {
    const added = signed.headers
      .map(([name]) => name)
      .filter((name) => !preset.sample.headers.some(([here]) => here === name));
    const { headers: credentials } = credentialPlaces(preset.verification);
    for (const name of added) expect([...preset.ownHeaders, ...credentials]).toContain(name);
    expect(preset.ownHeaders.filter((name) => credentials.includes(name))).toEqual([]);
  });

  test("keeps a stored signature valid for ever, or can make it again where no URL is signed", () => {
    const later = nowMs + 30 * dayMs;
    const resigned = resign(preset.verification, signed, { secret, nowMs: later });
    expect(resigned !== null).toBe(isTimestamped(preset.verification));
    const headers = resigned ?? signed.headers;
    const { valid } = verify(preset.verification, { ...signed, url, headers, secrets: [held], nowMs: later });
    expect(valid).toBe(preset.name !== "hubspot");
  });

  test("says where its rule is written", () => {
    expect(URL.canParse(preset.docsUrl)).toBe(true);
    expect(preset.docsUrl).toMatch(/^https:/);
  });
});
