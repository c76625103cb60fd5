import { createHmac, generateKeyPairSync, sign } from "node:crypto";

import { describe, expect, test } from "vitest";

import { describeVerification } from "../../src/providers/describe-verification.ts";
import { readVerification } from "../../src/providers/own-verification.ts";
import type { Scheme } from "../../src/providers/scheme.ts";
import type { OwnVerification } from "../../src/providers/verification-type.ts";
import { verify } from "../../src/providers/verify.ts";
import { nowMs, shippedPreset, shippedPresets } from "../support/presets.ts";

const body = Buffer.from('{"kind":"paid"}');
const seconds = String(nowMs / 1000);
const none: Scheme = { kind: "unverifiable" };

const own = (over: Partial<OwnVerification> = {}): OwnVerification => ({
  type: "hmac_sha256",
  header: null,
  config: null,
  ...over,
});
const config = (value: object): string => JSON.stringify(value);

const schemeOf = (settings: OwnVerification, base: Scheme = none): Scheme => {
  const read = readVerification(settings, base);
  if (read.kind === "refused") throw new Error(`${read.field} ${read.message}`);
  return read.scheme;
};

type Sent = { headers?: readonly (readonly [string, string])[]; query?: string; secret?: string };

const reasonOf = (scheme: Scheme, { headers = [], query = "", secret = "s" }: Sent): string =>
  verify(scheme, { headers, query, body, secrets: [secret], nowMs }).reason;

const mac = (algorithm: string, encoding: "hex" | "base64" = "hex", content: string | Buffer = body): string =>
  createHmac(algorithm, "s").update(content).digest(encoding);

const jwt = (claims: object, head: object = { alg: "HS256" }, digest = "sha256", secret = "s"): string => {
  const text = [head, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${text}.${createHmac(digest, secret).update(text).digest("base64url")}`;
};

const basic = Buffer.from("user:pass").toString("base64");
const stamped = `${seconds}.${body.toString()}`;

describe("a request is valid", () => {
  test.for<[string, OwnVerification, Sent]>([
    ["hex in the default header", own(), { headers: [["x-webhook-signature", mac("sha256")]] }],
    ["hex in a header of its own", own({ header: "X-Sig" }), { headers: [["x-sig", mac("sha256")]] }],
    ["a common prefix", own({ header: "X-Sig" }), { headers: [["x-sig", `sha256=${mac("sha256")}`]] }],
    ["base64", own({ header: "X-Sig" }), { headers: [["x-sig", mac("sha256", "base64")]] }],
    ["sha1, with a hyphen", own({ type: "hmac-sha1", header: "x" }), { headers: [["x", `sha1=${mac("sha1")}`]] }],
    ["sha512", own({ type: "HMAC_SHA512", header: "x" }), { headers: [["x", mac("sha512")]] }],
    [
      "a prefix that it names",
      own({ header: "x", config: config({ prefix: "v1:", encoding: "base64" }) }),
      { headers: [["x", `v1:${mac("sha256", "base64")}`]] },
    ],
    [
      "a time in a header",
      own({ header: "x", config: config({ timestamp_header: "X-Time" }) }),
      {
        headers: [
          ["x", mac("sha256", "hex", stamped)],
          ["x-time", seconds],
        ],
      },
    ],
    [
      "a time in a list",
      own({ header: "x", config: config({ signature_key: "v1", timestamp_key: "t" }) }),
      { headers: [["x", `t=${seconds},v1=${mac("sha256", "hex", stamped)}`]] },
    ],
    [
      "content of its own",
      own({ header: "x", config: config({ timestamp_header: "t", signed: "v0:{timestamp}:{header:x-id}:{body}" }) }),
      {
        headers: [
          ["x", mac("sha256", "hex", `v0:${seconds}:7:${body.toString()}`)],
          ["t", seconds],
          ["x-id", "7"],
        ],
      },
    ],
    ["basic", own({ type: "basic" }), { headers: [["authorization", `Basic ${basic}`]], secret: "user:pass" }],
    ["bearer", own({ type: "bearer" }), { headers: [["authorization", "Bearer s"]] }],
    ["a token in its header", own({ type: "token", header: "X-Token" }), { headers: [["x-token", "s"]] }],
    ["a token in the query", own({ type: "token", config: config({ query: "key" }) }), { query: "a=1&key=s" }],
    ["a JWT", own({ type: "jwt" }), { headers: [["authorization", `Bearer ${jwt({})}`]] }],
    [
      "a JWT of another length",
      own({ type: "jwt" }),
      {
        headers: [["authorization", `Bearer ${jwt({}, { alg: "HS512" }, "sha512")}`]],
      },
    ],
    [
      "a JWT that says who and for whom",
      own({ type: "jwt", header: "X-Jwt", config: config({ issuer: "me", audience: "you" }) }),
      { headers: [["x-jwt", jwt({ iss: "me", aud: ["them", "you"], exp: nowMs / 1000 + 5 })]] },
    ],
  ])("with %s", ([_, settings, sent]) => expect(reasonOf(schemeOf(settings), sent)).toBe("ok"));

  test.for(["ed25519", "ecdsa_p256"] as const)("with a key pair, %s", (type) => {
    const { publicKey, privateKey } =
      type === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const spki = publicKey.export({ format: "der", type: "spki" });
    const signature = sign(type === "ed25519" ? null : "sha256", Buffer.from(seconds + body.toString()), privateKey);
    const scheme = schemeOf(own({ type, header: "x", config: config({ timestamp_header: "t", encoding: "base64" }) }));
    const headers = [
      ["x", signature.toString("base64")],
      ["t", seconds],
    ] as const;
    const secret = type === "ed25519" ? spki.subarray(-32).toString("hex") : spki.toString("base64");
    expect(reasonOf(scheme, { headers, secret })).toBe("ok");
    expect(reasonOf(scheme, { headers: [headers[0], ["t", "1"]], secret })).toBe("mismatch");
  });
});

describe("a request is not valid", () => {
  test.for<[string, OwnVerification, Sent, string]>([
    ["another secret", own(), { headers: [["x-webhook-signature", mac("sha256")]], secret: "t" }, "mismatch"],
    ["no signature", own(), {}, "missing_header"],
    [
      "two signatures",
      own({ header: "x" }),
      {
        headers: [
          ["x", mac("sha256")],
          ["x", mac("sha256")],
        ],
      },
      "malformed",
    ],
    ["another digest", own({ header: "x" }), { headers: [["x", mac("sha1")]] }, "malformed"],
    ["another prefix", own({ header: "x" }), { headers: [["x", `sha1=${mac("sha256")}`]] }, "malformed"],
    [
      "the other encoding, where one is named",
      own({ header: "x", config: config({ encoding: "hex" }) }),
      { headers: [["x", mac("sha256", "base64")]] },
      "malformed",
    ],
    [
      "an old time",
      own({ header: "x", config: config({ timestamp_header: "t", tolerance_seconds: 10 }) }),
      {
        headers: [
          ["x", mac("sha256", "hex", `${Number(seconds) - 11}.${body.toString()}`)],
          ["t", String(Number(seconds) - 11)],
        ],
      },
      "stale",
    ],
    [
      "a JWT without a signature",
      own({ type: "jwt" }),
      { headers: [["authorization", `Bearer ${jwt({}, { alg: "none" })}`]] },
      "malformed",
    ],
    [
      "a JWT with what must be understood",
      own({ type: "jwt" }),
      { headers: [["authorization", `Bearer ${jwt({}, { alg: "HS256", crit: ["b64"] })}`]] },
      "malformed",
    ],
    [
      "a JWT of another secret",
      own({ type: "jwt" }),
      { headers: [["authorization", `Bearer ${jwt({}, undefined, "sha256", "x")}`]] },
      "mismatch",
    ],
    [
      "a JWT that is over",
      own({ type: "jwt" }),
      { headers: [["authorization", `Bearer ${jwt({ exp: nowMs / 1000 - 61 })}`]] },
      "stale",
    ],
    [
      "a JWT before its time",
      own({ type: "jwt" }),
      { headers: [["authorization", `Bearer ${jwt({ nbf: nowMs / 1000 + 61 })}`]] },
      "stale",
    ],
    [
      "a JWT for somebody else",
      own({ type: "jwt", config: config({ audience: "you" }) }),
      { headers: [["authorization", `Bearer ${jwt({ aud: "them" })}`]] },
      "mismatch",
    ],
  ])("with %s", ([_, settings, sent, reason]) => expect(reasonOf(schemeOf(settings), sent)).toBe(reason));
});

describe("beside a template", () => {
  const github = shippedPreset("github").verification;

  test("type or header alone replace all of it", () => {
    const scheme = schemeOf(own({ type: null, header: "X-Mine" }), github);
    expect(reasonOf(scheme, { headers: [["x-mine", mac("sha256")]] })).toBe("ok");
    expect(reasonOf(scheme, { headers: [["x-hub-signature-256", `sha256=${mac("sha256")}`]] })).toBe("missing_header");
    expect(reasonOf(schemeOf(own({ type: "bearer" }), github), { headers: [["authorization", "Bearer s"]] })).toBe(
      "ok",
    );
  });

  test("a config changes what it names", () => {
    const settings = own({ type: null, config: config({ prefix: "v=" }) });
    const headers = [["x-hub-signature-256", `v=${mac("sha256")}`]] as const;
    expect(reasonOf(schemeOf(settings, github), { headers })).toBe("ok");
  });

  test.for(shippedPresets.map((preset) => [preset.name, preset] as const))(
    "what %s does can be said",
    ([_, preset]) => {
      const { verification } = preset;
      const said = describeVerification(verification);
      if (verification.kind === "unverifiable" || verification.kind === "body_proof") return;
      const read = schemeOf(said!);
      const again = describeVerification(read);
      expect(again).toEqual(said);
      if (
        verification.kind === "hmac" &&
        verification.key === undefined &&
        verification.timestamp?.future !== "accepted"
      ) {
        expect(read).toEqual(verification);
      }
    },
  );
});

test("a public key's limit of age holds", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex");
  const signature = sign(null, Buffer.concat([Buffer.from("1"), body]), privateKey).toString("hex");
  const sent: Sent = {
    headers: [
      ["x-sig", signature],
      ["x-time", "1"],
    ],
    secret: key,
  };
  const settings = { timestamp_header: "x-time" };
  const reasonWith = (more: object): string =>
    reasonOf(schemeOf(own({ type: "ed25519", header: "x-sig", config: config({ ...settings, ...more }) })), sent);
  expect(reasonWith({})).toBe("ok");
  expect(reasonWith({ tolerance_seconds: 0 })).toBe("ok");
  expect(reasonWith({ tolerance_seconds: 300 })).toBe("stale");
});

test.for<[OwnVerification, string, string]>([
  [own({ type: null }), "verification_type", "is required to verify"],
  [own({ type: "md5" }), "verification_type", "must be one of hmac_sha256"],
  [own({ header: "a b" }), "verification_header", "must be a header's name"],
  [own({ config: "{" }), "verification_config", "must be a JSON object"],
  [own({ config: "[]" }), "verification_config", "must be an object"],
  [own({ config: config({ shade: 1 }) }), "verification_config", "has an unknown key 'shade'"],
  [own({ config: config({ encoding: "rot13" }) }), "verification_config", "has an invalid 'encoding'"],
  [own({ config: config({ signed: "{sun}" }) }), "verification_config", "unknown placeholder"],
  [own({ config: config({ signed: "constant" }) }), "verification_config", "without {body}"],
  [own({ config: config({ signed: "{body}", timestamp_header: "t" }) }), "verification_config", "must say where"],
  [own({ config: config({ timestamp_key: "t" }) }), "verification_config", "needs a 'signature_key'"],
  [own({ type: "ed25519" }), "verification_config", "needs a 'timestamp_header'"],
])("refuses %j", ([settings, field, message]) => {
  expect(readVerification(settings, none)).toEqual({
    kind: "refused",
    field,
    message: expect.stringContaining(message),
  });
});
