import * as fc from "fast-check";

import type { Headers } from "../../src/lib/headers.ts";
import { readPath } from "../../src/lib/json-path.ts";
import type { Preset } from "../../src/providers/preset.ts";
import type { SampleRequest } from "../../src/providers/sign.ts";
import { oddNumbers } from "./_odd-texts.ts";

/** A change to a signed request, and to its headers above all. */
export type Forging = (request: SampleRequest) => SampleRequest;

const onHeaders =
  (change: (headers: Headers) => Headers): Forging =>
  (request) => ({ ...request, headers: change(request.headers) });

/** Changes the values of the headers that carry the proof. */
const onProof =
  (names: readonly string[], change: (value: string) => string): Forging =>
  (request) =>
    onHeaders((headers) =>
      headers.map(([name, value]) => (names.includes(name) ? [name, change(value)] : [name, value])),
    )(request);

/** Names of headers that the signature of a preset adds, or reads. */
const proofNames = ({ ownHeaders }: Preset): readonly string[] =>
  ownHeaders.filter((name) => /sign|hmac|timestamp|-id$/.test(name));

const splice = (text: string, share: number, removed: number, put: string): string => {
  const at = Math.floor(share * (text.length + 1));
  return text.slice(0, at) + put + text.slice(at + removed);
};

const put = fc.constantFrom(
  "",
  "0",
  "a",
  "A",
  "=",
  ",",
  ";",
  " ",
  "\t",
  "+",
  "/",
  "\xff",
  "\xa0",
  "v1=",
  "t=",
  ",v1=,",
);
const share = fc.double({ min: 0, max: 1, noNaN: true });

/** Other ways to write the same bytes. */
const rewritings: readonly ((value: string) => string)[] = [
  (value) => value.toUpperCase(),
  (value) => value.toLowerCase(),
  (value) => value.replaceAll("+", "-").replaceAll("/", "_"),
  (value) => value.replaceAll(/=+$/g, ""),
  (value) => `${value}=`,
  (value) => ` ${value} `,
  (value) => `"${value}"`,
  (value) => encodeURIComponent(value),
  (value) => Buffer.from(value, "latin1").toString("base64"),
  (value) => Buffer.from(value, "latin1").toString("hex"),
  (value) => value.replaceAll(/[0-9a-f]{2}/g, (pair) => `%${pair}`),
  (value) => value.replace(/[0-9a-f]{64}/, (hex) => Buffer.from(hex, "hex").toString("base64")),
  (value) => value.replace(/[A-Za-z0-9+/]{43}=/, (text) => Buffer.from(text, "base64").toString("hex")),
  (value) => value.replace(/[0-9a-f]{64}/, (hex) => hex.slice(0, 32)),
  (value) => value.replace(/[0-9a-f]{64}/, (hex) => hex + hex),
  (value) => value.replace(/[0-9a-f]{64}/, "0".repeat(64)),
  (value) => value.slice(0, -1),
  () => "",
  () => "=",
  () => ",".repeat(2_000),
  () => "v1=,".repeat(500),
];

/** Other ways to write a list, of which some mean the same. */
const relistings: readonly ((value: string) => string)[] = [
  (value) => `${value},${value}`,
  (value) => `${value} ${value}`,
  (value) => `${value};${value}`,
  (value) => value.split(",").toReversed().join(","),
  (value) => value.split(";").toReversed().join(";"),
  (value) => value.replaceAll(",", ", "),
  (value) => value.replaceAll(",", ",,"),
  (value) => value.replaceAll("=", "=="),
  (value) => value.replaceAll("v1", "V1"),
  (value) => value.replaceAll("v1", "v0"),
  (value) => `v0=${"0".repeat(64)},${value}`,
  (value) => `${value},v1=${"0".repeat(64)}`,
  (value) => `${value} v1,${"A".repeat(43)}=`,
  (value) => `t=1,${value}`,
  (value) => `${value},t=1`,
  (value) => `ts=1;${value}`,
  (value) => `__proto__=1,constructor=2,${value}`,
];

/** A time that is not the one that was signed. */
const retiming = (text: string): ((value: string) => string) => {
  return (value) => value.replace(/\b1[0-9]{9}\b/, text);
};

const onBody =
  (change: (body: Buffer) => Buffer): Forging =>
  (request) => ({ ...request, body: change(request.body) });

/** Anything that a forger may do to a signed request of a preset, once. */
export const forgingOf = (preset: Preset): fc.Arbitrary<Forging> => {
  const names = proofNames(preset);
  const one = names.length === 0 ? fc.constant("x-signature") : fc.constantFrom(...names);
  const times = fc.constantFrom("1e9", "1.7e9", "+1700000000", "0x6553f100", "", "١٧", ...oddNumbers);
  const spliced = fc.tuple(share, fc.nat(3), put);
  return fc.oneof(
    spliced.map(([at, removed, text]) => onProof(names, (value) => splice(value, at, removed, text))),
    fc.constantFrom(...rewritings, ...relistings).map((change) => onProof(names, change)),
    times.map((text) => onProof(names, retiming(text))),
    fc.tuple(one, fc.string({ unit: "binary" })).map(([name, text]) => onProof([name], () => text)),
    one.map((name) => onHeaders((headers) => headers.filter(([here]) => here !== name))),
    one.map((name) => onHeaders((headers) => [...headers, ...headers.filter(([here]) => here === name)])),
    one.map((name) => onHeaders((headers) => [[name, ""], ...headers])),
    one.map((name) => onHeaders((headers) => [...headers, [name, "sha256=00"]])),
    fc.uint8Array({ maxLength: 50 }).map((bytes) => onBody(() => Buffer.from(bytes))),
    spliced.map(([at, removed, text]) =>
      onBody((body) => Buffer.from(splice(body.toString("latin1"), at, removed, text), "latin1")),
    ),
    fc.constantFrom("\r\n", "\n", " ", "\0").map((text) => onBody((body) => Buffer.concat([body, Buffer.from(text)]))),
  );
};

const escaped = (text: string): string => text.replaceAll(/[^A-Za-z0-9]/g, String.raw`\$&`);

/** The entries of a list, or the one text that a header holds. */
const holds = (value: string, entry: string): boolean =>
  value === entry || new RegExp(`(^|[,; ])${escaped(entry)}([,; ]|$)`).test(value);

const valuesOf = ({ headers }: SampleRequest, name: string): string[] =>
  headers.filter(([here]) => here === name).map(([, value]) => value);

const fieldsOf = (body: Buffer): string => {
  const pairs = [...new URLSearchParams(body.toString("latin1"))].map(([name, value]) => `${name}\0${value}`);
  return [...new Set(pairs)].toSorted().join("").replaceAll("\0", "");
};

const jsonOf = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
};

/** Whether two bodies are the same as far as the sender's proof goes. */
const saysTheSame = ({ verification }: Preset, genuine: Buffer, given: Buffer): boolean => {
  switch (verification.kind) {
    case "token":
    case "bearer":
    case "basic":
    case "jwt":
      return true;
    case "body_proof": {
      const [one, other] = [jsonOf(genuine), jsonOf(given)];
      const paths = [verification.signaturePath, ...verification.signedPaths];
      return paths.every((path) => readPath(one, path) === readPath(other, path));
    }
    case "hmac":
      return verification.signed.includes("form") ? fieldsOf(given) === fieldsOf(genuine) : given.equals(genuine);
    case "standard_webhooks":
    case "public_key":
    case "unverifiable":
      return given.equals(genuine);
  }
};

/**
 * Whether a request carries the same bytes under the same proof as a genuine one: each header of the proof once, and in it
 * all that the genuine one holds, whatever else stands beside it in a list.
 */
export const isStillGenuine = (preset: Preset, genuine: SampleRequest, request: SampleRequest): boolean => {
  if (!saysTheSame(preset, genuine.body, request.body)) return false;
  const { sample } = preset;
  const proof = genuine.headers.filter(([name]) => !sample.headers.some(([here]) => here === name));
  const signed = genuine.headers.filter(([name]) => name === "webhook-id" || name === "svix-id");
  return [...proof, ...signed].every(([name, value]) => {
    const [given, ...repeats] = valuesOf(request, name);
    if (given === undefined || repeats.length > 0) return false;
    const entries = /^(t|ts|v1|h1)[=,]/.test(value) ? value.split(/[;]|,(?=[a-z]+\d?=)/) : [value];
    return entries.every((entry) => holds(given, entry));
  });
};
