import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { loadPresets } from "../../src/providers/catalog.ts";
import { answerHandshake } from "../../src/providers/handshake.ts";
import type { Preset } from "../../src/providers/preset.ts";
import { deliveryIdOf, eventTypeOf } from "../../src/providers/resolve.ts";
import { resign, signSample } from "../../src/providers/sign.ts";
import { presetFor } from "../../src/providers/source-preset.ts";
import { verify } from "../../src/providers/verify.ts";
import {
  ingestUrl as url,
  judge,
  nowMs,
  senderKey,
  shippedPresets,
  signedSample,
  sourceSecret,
} from "../support/presets.ts";
import { oddJson, oddText, prototypeNames } from "./_odd-texts.ts";
import { time, tries } from "./_runs.ts";
import { forgingOf, isStillGenuine } from "./_signatures.ts";

const secret = "the source's secret";
const verdicts = ["ok", "no_secret", "missing_header", "malformed", "mismatch", "stale"];

const headerName = fc.oneof(
  fc.constantFrom("stripe-signature", "webhook-id", "webhook-timestamp", "x-hub-signature-256", ...prototypeNames),
  oddText,
);
const headersOf = ({ ownHeaders, handshake }: Preset): fc.Arbitrary<[string, string][]> => {
  const own = handshake !== null && "header" in handshake ? [...ownHeaders, handshake.header] : ownHeaders;
  const name = own.length === 0 ? headerName : fc.oneof(headerName, fc.constantFrom(...own));
  return fc.array(fc.tuple(name, oddText), { maxLength: 8 });
};
const body = fc.oneof(
  oddJson.map((text) => Buffer.from(text)),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
);
const times = fc.oneof(
  fc.constantFrom(nowMs, 0, -1, -1e12, 1e15, 2 ** 53, 2 ** 63, 1e24, 1e308, Infinity, -Infinity, Number.NaN),
  fc.integer({ min: nowMs - 1_000_000, max: nowMs + 1_000_000 }),
);

const readJson = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
};

describe.for(shippedPresets)("$name", (preset) => {
  const genuine = signedSample(preset, secret);

  test(
    "what is forged of a signed request is valid only where it still says the same under the same proof",
    time,
    () => {
      const forgings = fc.array(forgingOf(preset), { minLength: 1, maxLength: 2 });
      fc.assert(
        fc.property(forgings, (changes) => {
          let forged = genuine;
          for (const change of changes) forged = change(forged);
          const verdict = judge(preset, forged, secret);
          if (verdict.valid) expect(isStillGenuine(preset, genuine, forged)).toBe(true);
          expect(verdicts).toContain(verdict.reason);
        }),
        tries(500),
      );
      expect(judge(preset, genuine, secret).valid).toBe(true);
      expect(isStillGenuine(preset, genuine, genuine)).toBe(true);
    },
  );

  test("a signature made at any time, however it is written, is valid only for a while", time, () => {
    fc.assert(
      fc.property(times, times, (signedMs, judgedMs) => {
        const request = signSample(preset, { secret: senderKey(preset, secret), nowMs: signedMs, url });
        const { valid } = verify(preset.verification, {
          ...request,
          url,
          secrets: [sourceSecret(preset, secret)],
          nowMs: judgedMs,
          toleranceSeconds: 300,
        });
        const isTimed = resign(preset.verification, request, { secret, nowMs: signedMs }) !== null;
        const [signed, judged] = [Math.floor(signedMs / 1000), Math.floor(judgedMs / 1000)];
        const isDate = signed >= 0 && signed < 1e12;
        if (isTimed && valid) expect(isDate && !(judged - signed > 300)).toBe(true);
        if (isTimed && isDate && Math.abs(judged - signed) <= 300) expect(valid).toBe(true);
      }),
      tries(200),
    );
  });

  test("nothing that a request may hold makes any of its readers throw", time, () => {
    fc.assert(
      fc.property(headersOf(preset), body, oddText, times, (given, bytes, query, judgedMs) => {
        const read = (): unknown => readJson(bytes);
        const request = { headers: given, body: bytes, query, secrets: [secret, query], nowMs: judgedMs };
        expect(verify(preset.verification, request).valid).toBe(false);
        for (const text of [eventTypeOf(preset, given, read), deliveryIdOf(preset, given, read)]) {
          expect(text === null || (text.isWellFormed() && text.length <= 255 && !text.includes("\0"))).toBe(true);
        }
        for (const method of ["GET", "POST", "HEAD", query]) {
          const asked = {
            method,
            headers: given,
            query,
            body: bytes,
            readBody: read,
            isGenuine: () => true,
            secrets: [secret],
          };
          const answer = answerHandshake(preset.handshake, asked);
          for (const text of [answer?.body ?? "", ...(answer?.headers ?? []).map(([, value]) => value)]) {
            expect(text).toMatch(/^[A-Za-z0-9._~{}":,/;= -]{0,2048}$/);
          }
        }
        resign(preset.verification, { headers: given, body: bytes }, { secret: query, nowMs: judgedMs });
      }),
      tries(150),
    );
  });
});

test(
  "whatever a generic source says of its sender, what is signed that way is valid and nothing else is",
  time,
  async () => {
    const catalog = await loadPresets();
    const settings = fc.record({
      provider: fc.constant("generic"),
      signingHeader: fc.oneof(
        fc.constantFrom("X-Signature", "content-type", ...prototypeNames),
        fc.stringMatching(/^[!#-'*+.^_`|~0-9A-Za-z-]{1,30}$/),
      ),
      signingAlgorithm: fc.constantFrom("sha1", "sha256", "sha512", null),
      eventTypeSource: fc.constantFrom("body", "header", null),
      eventTypePath: fc.oneof(
        fc.constantFrom("type", "a.0.b", "..", "__proto__.x", "constructor.name", "length"),
        oddText,
      ),
    });
    fc.assert(
      fc.property(settings, body, fc.nat(), oddText, (own, bytes, at, other) => {
        const preset = presetFor(catalog, own)!;
        const request = signSample({ ...preset, sample: { ...preset.sample, headers: [] } }, { secret, nowMs }, bytes);
        expect(judge(preset, request, secret)).toEqual({ valid: true, reason: "ok" });
        expect(judge(preset, request, `${secret}x`).valid).toBe(false);
        const type = eventTypeOf(preset, request.headers, () => readJson(bytes));
        expect(type === null || type.isWellFormed()).toBe(true);
        const [[name, value]] = request.headers as [[string, string]];
        const changed = `${value.slice(0, at % value.length)}${value.at(at % value.length) === "0" ? "1" : "0"}`;
        const forgeries = [changed + value.slice(changed.length), other, value.toUpperCase(), `${value}${value}`];
        for (const forged of forgeries.filter((each) => each !== value)) {
          expect(judge(preset, { ...request, headers: [[name, forged]] }, secret).valid).toBe(false);
        }
      }),
      tries(300),
    );
  },
);
