import { describe, expect, test } from "vitest";

import type { Incoming } from "../../src/ingest/incoming.ts";
import { judge, type Judged } from "../../src/ingest/judge.ts";
import type { Headers } from "../../src/lib/headers.ts";
import { findHeader } from "../../src/lib/headers.ts";
import { credentialPlaces } from "../../src/providers/credential-headers.ts";
import type { Preset } from "../../src/providers/preset.ts";
import type { Scheme } from "../../src/providers/scheme.ts";
import type { SampleRequest } from "../../src/providers/sign.ts";
import type { RoutedSource, Secrets } from "../../src/routing/table.ts";
import {
  ingestUrl,
  nowMs,
  shippedPreset,
  shippedPresets,
  signedSample,
  sourceSecret,
  withHeader,
} from "../support/presets.ts";
import { newSource } from "../support/records.ts";

const secret = "a secret of the source";

const routedTo = (
  preset: Preset | null,
  secrets: Secrets = { kind: "opened", secrets: [preset === null ? secret : sourceSecret(preset, secret)] },
  requireSignature = true,
): RoutedSource => ({
  source: newSource({ requireSignature }),
  preset,
  urls: { slug: ingestUrl, id: ingestUrl },
  rules: null,
  secretsAt: () => secrets,
  config: () => null,
});

const incoming = (request: Partial<SampleRequest>, over: Partial<Incoming> = {}): Incoming => ({
  via: "slug",
  method: "POST",
  query: "",
  headers: [],
  body: Buffer.alloc(0),
  senderAddress: "192.0.2.1",
  receivedAtMs: nowMs,
  ...request,
  ...over,
});

const judged = (routed: RoutedSource, request: Incoming, tolerances = {}): Judged => {
  const judgement = judge(routed, request, tolerances);
  if (judgement.kind !== "judged") throw new Error(judgement.kind);
  return judgement.judged;
};

describe.for(shippedPresets.map((preset) => [preset.name, preset] as const))("a request of %s", ([_, preset]) => {
  const sample = signedSample(preset, secret);
  const { headers: credentials } = credentialPlaces(preset.verification);
  const bare = { ...sample, query: "", headers: preset.sample.headers, body: Buffer.from(preset.sample.body) };
  const { verification } = preset;
  // Others have no limit of their own.
  const isLimited =
    verification.kind === "standard_webhooks" ||
    (verification.kind === "hmac" && (verification.timestamp?.toleranceSeconds ?? 0) > 0);

  test("that is validly signed is valid, has its type and id, and is kept as it came", () => {
    expect(judged(routedTo(preset), incoming(sample))).toEqual({
      eventType: preset.name === "generic" ? "order.created" : preset.sample.eventType,
      providerEventId: preset.sample.deliveryId,
      signatureValid: true,
      signatureReason: "ok",
      quarantined: false,
      bodyDropped: false,
      schemaValid: null,
      dedupKey: null,
      payload: {
        method: "POST",
        query: sample.query === "" ? "" : "token=%5Bredacted%5D",
        senderAddress: "192.0.2.1",
        headers: sample.headers.map(([name, value]) => [name, credentials.includes(name) ? "[redacted]" : value]),
        body: sample.body,
      },
    });
  });

  test.for([
    ["by another secret", { kind: "opened", secrets: [sourceSecret(preset, "another one")] }, sample, "mismatch"],
    [
      "by nobody",
      { kind: "opened", secrets: [sourceSecret(preset, secret)] },
      bare,
      // A proof in the body is there in the sample, too, and none of any secret.
      verification.kind === "body_proof" ? "mismatch" : "missing_header",
    ],
    ["while the source has no secret", { kind: "opened", secrets: [] }, sample, "no_secret"],
  ] as const)("that is signed %s is kept, and held back", ([__, secrets, request, reason]) => {
    const held = judged(routedTo(preset, secrets), incoming(request));
    expect(held).toMatchObject({ signatureValid: false, signatureReason: reason, quarantined: true });
    expect(held.payload.body).toBe(request.body);
  });

  test("without a valid signature goes on where the source does not require one", () => {
    const unsigned = incoming(bare);
    expect(judged(routedTo(preset, undefined, false), unsigned)).toMatchObject({
      signatureValid: false,
      quarantined: false,
    });
  });

  test("that was signed long ago is stale where the sender sets a limit, and only there", () => {
    const late = incoming(sample, { receivedAtMs: nowMs + 301_000 });
    expect(judged(routedTo(preset), late).signatureReason).toBe(isLimited ? "stale" : "ok");
    expect(judged(routedTo(preset), late, { [preset.name]: 0 }).signatureReason).toBe("ok");
    expect(judged(routedTo(preset), late, { [preset.name]: 3600 }).signatureReason).toBe("ok");
  });

  test("that was signed with the secret before the present one is valid", () => {
    expect(
      judged(
        routedTo(preset, { kind: "opened", secrets: ["the new one", sourceSecret(preset, secret)] }),
        incoming(sample),
      ).signatureReason,
    ).toBe("ok");
  });
});

test("a body that is not JSON has no type, and that is no fault", () => {
  const stripe = shippedPreset("stripe");
  const request = signedSample(stripe, secret, "not JSON");
  expect(judged(routedTo(stripe), incoming(request))).toMatchObject({
    eventType: null,
    providerEventId: null,
    signatureReason: "ok",
  });
});

test.for([
  ["a secret that cannot be opened", routedTo(shippedPreset("github"), { kind: "unreadable" })],
  ["a provider that this program does not know", routedTo(null)],
] as const)("with %s nothing is judged", ([_, routed]) => {
  expect(judge(routed, incoming({}), {})).toEqual({ kind: "unreadable" });
});

test("a signature is kept: it is no credential", () => {
  const github = shippedPreset("github");
  const request = withHeader(signedSample(github, secret), "x-hub-signature-256", "sha256=00");
  expect(findHeader(judged(routedTo(github), incoming(request)).payload.headers, "x-hub-signature-256")).toBe(
    "sha256=00",
  );
});

describe("invariant 6: a credential that travels in the request is not stored", () => {
  const preset = (verification: Scheme): Preset => ({ ...shippedPreset("generic"), verification });
  const kept = (verification: Scheme, headers: Headers, query = ""): { headers: Headers; query: string } => {
    const { payload } = judged(routedTo(preset(verification)), incoming({ headers, query, body: Buffer.from("{}") }));
    return { headers: payload.headers, query: payload.query };
  };

  test.for([
    ["a token in a header", { kind: "token", place: { in: "header", name: "x-token" } }, "x-token", secret],
    ["a bearer token", { kind: "bearer" }, "authorization", `Bearer ${secret}`],
    ["a password", { kind: "basic" }, "authorization", `Basic ${Buffer.from(secret).toString("base64")}`],
  ] as const satisfies readonly (readonly [string, Scheme, string, string])[])(
    "%s, whether right or wrong, once or twice",
    ([_, scheme, name, value]) => {
      for (const sent of [value, "wrong"]) {
        const headers: Headers = [
          ["x-a", "1"],
          [name, sent],
          ["x-b", "2"],
          [name, sent],
        ];
        expect(kept(scheme, headers).headers).toEqual([
          ["x-a", "1"],
          [name, "[redacted]"],
          ["x-b", "2"],
          [name, "[redacted]"],
        ]);
      }
    },
  );

  test("a token in the query, wherever it stands, and nothing else of the query is changed", () => {
    const scheme: Scheme = { kind: "token", place: { in: "query", name: "token" } };
    const redacted = (query: string): string => kept(scheme, [], query).query;
    expect(redacted("token=hush")).not.toContain("hush");
    expect(redacted("a=1&token=hush&b=2&token=hush")).not.toContain("hush");
    expect(redacted("%74oken=hush")).not.toContain("hush");
    expect(redacted("a=1&token=hush&b=2")).toBe("a=1&token=%5Bredacted%5D&b=2");
    expect(redacted("a=%20b&c")).toBe("a=%20b&c");
    expect(redacted("token=x&token=y&a=1")).toBe("token=%5Bredacted%5D&token=%5Bredacted%5D&a=1");
    expect(redacted("?token=hush")).not.toContain("hush");
    expect(redacted("")).toBe("");
    expect(redacted("a=%20b&token=x&c")).toBe("a=%20b&token=%5Bredacted%5D&c");
  });
});
