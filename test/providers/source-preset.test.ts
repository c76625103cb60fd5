import { createHmac } from "node:crypto";

import { expect, test } from "vitest";

import { createCatalog, loadPresets } from "../../src/providers/catalog.ts";
import { eventTypeOf } from "../../src/providers/resolve.ts";
import { presetFor, type SourceSettings } from "../../src/providers/source-preset.ts";
import { verify } from "../../src/providers/verify.ts";
import { nowMs } from "../support/presets.ts";

const catalog = await loadPresets();
const body = Buffer.from('{"kind":"paid"}');

const generic = (settings: Partial<SourceSettings> = {}): SourceSettings => ({
  provider: "generic",
  signingHeader: "X-Acme-Signature",
  signingAlgorithm: null,
  eventTypeSource: null,
  eventTypePath: null,
  ...settings,
});

const reasonFor = (settings: SourceSettings, header: string, value: string): string => {
  const preset = presetFor(catalog, settings)!;
  return verify(preset.verification, { headers: [[header, value]], body, secrets: ["s"], nowMs }).reason;
};

const mac = (algorithm: string): string => createHmac(algorithm, "s").update(body).digest("hex");

test("nobody has words signed by a source that says itself how its sender signs: they might be what is signed there", () => {
  const handshakeOf = (provider: string, verification: SourceSettings["verification"]): string | undefined =>
    presetFor(catalog, { ...generic({ provider }), verification: verification ?? null })?.handshake?.kind;
  const jwt = { type: "jwt", header: null, config: null };
  expect(handshakeOf("x", null)).toBe("query_hmac");
  expect(handshakeOf("x", jwt)).toBeUndefined();
  expect(handshakeOf("dropbox", jwt)).toBe("query_challenge");
});

test("there is no preset for a provider that nobody knows", () => {
  expect(presetFor(catalog, generic({ provider: "nobody" }))).toBeUndefined();
  expect(presetFor(createCatalog([]), generic())).toBeUndefined();
});

test.for([
  [null, "sha256"],
  ["sha256", "sha256"],
  ["sha1", "sha1"],
  ["sha512", "sha512"],
] as const)("a generic source with the algorithm %s verifies %s in raw hex", ([signingAlgorithm, algorithm]) => {
  const settings = generic({ signingAlgorithm });
  expect(reasonFor(settings, "x-acme-signature", mac(algorithm))).toBe("ok");
  expect(reasonFor(settings, "x-acme-signature", mac("sha384"))).toBe("malformed");
  expect(reasonFor(settings, "x-acme-signature", `${algorithm}=${mac(algorithm)}`)).toBe("malformed");
  expect(reasonFor(settings, "x-other", mac(algorithm))).toBe("missing_header");
});

test.for([[null], [""]] as const)("a generic source with the signing header %j never verifies", ([signingHeader]) => {
  expect(reasonFor(generic({ signingHeader }), "x-acme-signature", mac("sha256"))).toBe("missing_header");
});

test.for([
  ["body", "kind", "paid"],
  ["body", "nothing.here", null],
  ["header", "X-Acme-Event", "order.created"],
  ["header", "X-Missing", null],
  ["body", null, null],
  ["body", "", null],
  [null, "kind", null],
] as const)("the event type in the %s at %j is %j", ([eventTypeSource, eventTypePath, eventType]) => {
  const preset = presetFor(catalog, generic({ eventTypeSource, eventTypePath }))!;
  const readBody = (): unknown => JSON.parse(body.toString());
  expect(eventTypeOf(preset, [["x-acme-event", "order.created"]], readBody)).toBe(eventType);
});

test("the headers that a generic source names are forwarded as the sender's own", () => {
  const settings = generic({ eventTypeSource: "header", eventTypePath: "X-Acme-Event" });
  expect(presetFor(catalog, settings)!.ownHeaders).toEqual(["x-acme-signature", "x-acme-event"]);
});

test("other presets do not listen to a source's settings", () => {
  const settings = generic({ provider: "github", eventTypeSource: "body", eventTypePath: "kind" });
  expect(presetFor(catalog, settings)).toBe(catalog.get("github"));
});
