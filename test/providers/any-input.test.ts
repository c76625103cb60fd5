import * as fc from "fast-check";
import { expect, test } from "vitest";

import { findHeader, type Headers } from "../../src/lib/headers.ts";
import type { Preset } from "../../src/providers/preset.ts";
import type { SignedPart } from "../../src/providers/scheme.ts";
import { verify } from "../../src/providers/verify.ts";
import { ingestUrl, judge, nowMs, shippedPresets, signedSample, sourceSecret, withHeader } from "../support/presets.ts";

const secret = "the source's secret";

const flipBit = (bytes: Uint8Array, at: number): Buffer => {
  const changed = Buffer.from(bytes);
  const bit = at % (bytes.length * 8);
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return changed;
};

/** Headers that the sender adds to its sample. */
const proofNames = (preset: Preset): string[] =>
  signedSample(preset, secret)
    .headers.map(([name]) => name)
    .filter((name) => findHeader(preset.sample.headers, name) === undefined);

const bytes = fc.uint8Array({ maxLength: 300 });
const usableSecret = fc.string({ unit: "binary", minLength: 1 }).filter((key) => key.trim() !== "");

const isSigned = ({ verification: { kind } }: Preset): boolean =>
  ["hmac", "standard_webhooks", "public_key"].includes(kind);

const signs = ({ verification }: Preset, part: SignedPart): boolean =>
  "signed" in verification && verification.signed.includes(part);

/** What the sender may send. X sends no words: it has those signed for whoever asks. */
const bodiesOf = (preset: Preset, { minLength = 0 } = {}): fc.Arbitrary<Uint8Array> => {
  const bodies = fc.uint8Array({ minLength, maxLength: 300 });
  return signs(preset, "body_but_words")
    ? bodies.filter((body) => !/^[\w.~-]+$/.test(Buffer.from(body).toString("latin1")))
    : bodies;
};

const signed = shippedPresets.filter(isSigned);
// Of a form, what it says is signed, and not how it is written.
const coveringBytes = signed.filter((preset) => !signs(preset, "form"));
const carryingProofs = shippedPresets.filter((preset) => proofNames(preset).length > 0);

test.for(signed)("$name: any body and any secret is accepted once signed", (preset) => {
  fc.assert(
    fc.property(bodiesOf(preset), usableSecret, (body, key) => {
      expect(judge(preset, signedSample(preset, key, body), key)).toEqual({ valid: true, reason: "ok" });
    }),
  );
});

test.for(coveringBytes)("$name: a body with any one bit changed is refused", (preset) => {
  fc.assert(
    fc.property(bodiesOf(preset, { minLength: 1 }), fc.nat(), (body, at) => {
      const genuine = signedSample(preset, secret, body);
      const verdict = judge(preset, { ...genuine, body: flipBit(genuine.body, at) }, secret);
      expect(verdict).toEqual({ valid: false, reason: "mismatch" });
    }),
  );
});

test.for(carryingProofs)("$name: a proof with any one bit changed is refused", (preset) => {
  fc.assert(
    fc.property(fc.constantFrom(...proofNames(preset)), fc.nat(), (name, at) => {
      const genuine = signedSample(preset, secret);
      const value = Buffer.from(findHeader(genuine.headers, name)!, "latin1");
      const changed = flipBit(value, at).toString("latin1");
      // The name of an authentication scheme may be written in any letter case (RFC 9110, 11.1).
      fc.pre(changed.replace(/^basic /i, "Basic ") !== value.toString("latin1"));
      const forged = withHeader(genuine, name, changed);
      expect(judge(preset, forged, secret).valid).toBe(false);
    }),
  );
});

test.for(shippedPresets)("$name: any header text is refused, and nothing throws at it", (preset) => {
  const proofs = proofNames(preset);
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.stringMatching(/^([a-z0-9]{0,6}[=,; ]{0,2}[0-9a-f]{0,64}[,; ]?){0,4}$/),
    fc.constantFrom("", "=", ",", ";", " ", "t=", "v1,", "sha256=", "Bearer", "Basic ="),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 3 }), bytes, (values, body) => {
      const forged: Headers = proofs.flatMap((name) => values.map((each) => [name, each] as const));
      const request = { headers: [...preset.sample.headers, ...forged], body };
      const verdict = verify(preset.verification, {
        ...request,
        url: ingestUrl,
        secrets: [sourceSecret(preset, secret)],
        nowMs,
      });
      expect(verdict.valid).toBe(false);
    }),
  );
});
