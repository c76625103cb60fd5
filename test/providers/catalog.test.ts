import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";

import { expect, test } from "vitest";

import { createCatalog, loadPresets, PresetError } from "../../src/providers/catalog.ts";
import type { Preset } from "../../src/providers/preset.ts";
import type { HmacScheme } from "../../src/providers/scheme.ts";

const catalog = await loadPresets();
const github = catalog.get("github")!;
const stripe = catalog.get("stripe")!;

const withScheme = (preset: Preset, changes: Partial<HmacScheme>): Preset => {
  if (preset.verification.kind !== "hmac") throw new Error("not an HMAC");
  return { ...preset, verification: { ...preset.verification, ...changes } };
};

const faultsOf = (...presets: Preset[]): string => {
  try {
    createCatalog(presets);
    return "none";
  } catch (error) {
    if (error instanceof PresetError && error.code === "preset_invalid") return error.message;
    throw error;
  }
};

test("every file of the presets folder is a preset of the catalog, and nothing else is", () => {
  const files = globSync("src/providers/presets/*").map((file) => basename(file, ".ts"));
  const names = [...catalog.keys()].map((name) => name.replaceAll("_", "-"));
  expect(names.toSorted()).toEqual(files.toSorted());
});

test("the documentation lists every preset, and no other", () => {
  const names = [...catalog.keys()].toSorted();
  const rows = readFileSync("docs/providers.md", "utf8").matchAll(/^\| `([a-z_]+)`/gm);
  expect([...rows].map(([, name = ""]) => name).filter((name) => name !== "provider")).toEqual(names);
  const [, section = ""] = /^## Providers$(.*?)^## /ms.exec(readFileSync("README.md", "utf8")) ?? [];
  const listed = [...section.matchAll(/`([a-z_]+)`/g)]
    .map(([, name = ""]) => name)
    .filter((name) => name !== "provider");
  expect(listed.toSorted()).toEqual(names);
});

test("loading twice gives two catalogs that are equal", async () => {
  expect([...(await loadPresets())]).toEqual([...catalog]);
});

test("the shipped presets have no fault", () => {
  expect(faultsOf(...catalog.values())).toBe("none");
});

test.for<[string, Preset, string]>([
  ["a name in upper case", { ...github, name: "GitHub" }, "lower-case letters"],
  [
    "an own header in upper case",
    { ...github, ownHeaders: [...github.ownHeaders, "X-Extra"] },
    '"X-Extra" is not a header name in lower case',
  ],
  [
    "a header that is read and would not be forwarded",
    { ...github, ownHeaders: ["x-hub-signature-256", "x-github-event"] },
    '"x-github-delivery" is read and not among ownHeaders',
  ],
  [
    "a sample header in upper case",
    { ...github, sample: { ...github.sample, headers: [["Content-Type", "a/b"]] } },
    '"Content-Type" is not a header name in lower case',
  ],
  [
    "a credential that would be forwarded",
    { ...github, verification: { kind: "token", place: { in: "header", name: "x-hub-signature" } } },
    '"x-hub-signature" carries the credential',
  ],
  ["a body that is not signed", withScheme(github, { signed: [{ text: "x" }] }), "the body is not signed"],
  [
    "words that are signed for whoever asks, and valid",
    withScheme(catalog.get("x")!, { signed: ["body"] }),
    "the signed part must be body_but_words",
  ],
  ["a time that is not signed", withScheme(stripe, { signed: ["body"] }), "the time is not signed"],
  ["a time that is not read", withScheme(stripe, { timestamp: null }), "signed that is nowhere read"],
  [
    "a time in a list that is none",
    withScheme(stripe, { form: { kind: "plain", prefix: "" } }),
    "the time is in a list that the form does not have",
  ],
])("a preset with %s is refused", ([, preset, fault]) => {
  expect(faultsOf(preset)).toContain(fault);
});

test("two presets of one name are refused", () => {
  expect(faultsOf(github, { ...github, title: "Other" })).toBe('preset "github": another preset has the same name');
});
