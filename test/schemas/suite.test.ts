import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { compileSchema } from "../../src/schemas/compile-schema.ts";

/**
 * The JSON-Schema-Test-Suite, required and optional tests but those of `format`, which is an annotation here. No npm package holds
 * the drafts after 6, so its files are kept beside this one, as Python's jsonschema 4.26.0 ships them; only white space was taken out.
 * https://github.com/json-schema-org/JSON-Schema-Test-Suite
 */
type Group = {
  description: string;
  schema: unknown;
  tests: { description: string; data: unknown; valid: boolean }[];
};

const drafts = {
  draft4: "http://json-schema.org/draft-04/schema#",
  draft6: "http://json-schema.org/draft-06/schema#",
  draft7: "http://json-schema.org/draft-07/schema#",
  "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
};

const nothingIsFetched = "refers to a schema elsewhere, and nothing is fetched";
const ownMetaSchema = "brings a meta-schema of its own, which would have to be fetched";
const contentIsAnnotation = "what a text contains is an annotation, as from draft 2019-09 on";
const oneNumberType = "1.0 and 1 are the same number once JSON was parsed";

const remoteOfAll = [
  "remote ref",
  "fragment within remote ref",
  "ref within remote ref",
  "base URI change",
  "base URI change - change folder",
  "base URI change - change folder in subschema",
  "root ref in remote ref",
];

const remoteOfDraft4 = [...remoteOfAll, "Location-independent identifier in remote ref"];

const remoteOfDraft6 = [
  ...remoteOfDraft4,
  "remote ref with ref to definitions",
  "retrieved nested refs resolve relative to their URI not $id",
  "$ref to $ref finds location-independent $id",
];

const remoteOf202012 = [
  ...remoteOfDraft4,
  "anchor within remote ref",
  "remote ref with ref to defs",
  "retrieved nested refs resolve relative to their URI not $id",
  "remote HTTP ref with different $id",
  "remote HTTP ref with different URN $id",
  "remote HTTP ref with nested absolute ref",
  "$ref to $ref finds detached $anchor",
];

/** What is left of the file, "remote ref, containing refs itself", is about the draft's own meta-schema. */
const remoteGroups = Object.entries({
  draft4: remoteOfDraft4,
  draft6: remoteOfDraft6,
  draft7: remoteOfDraft6,
  "draft2020-12": remoteOf202012,
}).flatMap(([draft, groups]) => groups.map((group) => `${draft}/refRemote/${group}`));

/** Groups with tests that do not pass, as `draft/file/group`, and why. `*` is for all groups. */
const unsupported: readonly (readonly [group: string, why: string])[] = [
  ["draft4/optional/zeroTerminatedFloats/*", oneNumberType],
  ["draft7/optional/content/*", contentIsAnnotation],
  ["draft7/optional/cross-draft/refs to future drafts are processed as future drafts", nothingIsFetched],
  ["draft2020-12/optional/cross-draft/*", nothingIsFetched],
  ["draft2020-12/dynamicRef/strict-tree schema, guards against misspelled properties", nothingIsFetched],
  ["draft2020-12/dynamicRef/tests for implementation dynamic anchor and reference link", nothingIsFetched],
  ["draft2020-12/dynamicRef/$ref and $dynamicAnchor are independent of order - $defs first", nothingIsFetched],
  ["draft2020-12/dynamicRef/$ref and $dynamicAnchor are independent of order - $ref first", nothingIsFetched],
  ["draft2020-12/dynamicRef/$ref to $dynamicRef finds detached $dynamicAnchor", nothingIsFetched],
  ["draft2020-12/optional/format-assertion/*", ownMetaSchema],
  ["draft2020-12/vocabulary/*", ownMetaSchema],
  ...remoteGroups.map((group) => [group, nothingIsFetched] as const),
];

/** What is wrong with the answers to a group's tests. */
const wrongAnswers = ({ schema, tests }: Group, draft: string): string[] => {
  const dated = typeof schema === "object" ? { $schema: draft, ...schema } : schema;
  const compiled = compileSchema(dated);
  if (compiled.kind === "refused") return [compiled.message];
  return tests
    .filter(({ data, valid }) => compiled.schema.validate(data).valid !== valid)
    .map(({ description, valid }) => `${description}: should be ${valid ? "valid" : "invalid"}`);
};

const isListed = (path: string, group: string): boolean =>
  unsupported.some(([name]) => name === `${path}/${group}` || name === `${path}/*`);

describe.for(Object.entries(drafts))("the official tests of %s", ([name, draft]) => {
  const files: Record<string, Group[]> = JSON.parse(
    readFileSync(new URL(`suite/${name}.json`, import.meta.url), "utf8"),
  );

  test.for(Object.entries(files))("%s", ([file, groups]) => {
    const path = `${name}/${file}`;
    const [listed, others] = [true, false].map((wanted) =>
      groups.filter(({ description }) => isListed(path, description) === wanted),
    );
    const wrong = others!.map((group) => [group.description, wrongAnswers(group, draft)] as const);
    expect(wrong.filter(([, answers]) => answers.length > 0)).toEqual([]);
    const passing = listed!.filter((group) => wrongAnswers(group, draft).length === 0);
    expect(passing.map(({ description }) => `${description} passes: take it off the list`)).toEqual([]);
  });

  test("are all there", () => {
    const count = Object.values(files).flatMap((groups) => groups.flatMap(({ tests }) => tests)).length;
    expect(count).toBeGreaterThan(600);
  });

  test("every group of the list of what is unsupported exists", () => {
    const known = Object.entries(files).flatMap(([file, groups]) => [
      `${name}/${file}/*`,
      ...groups.map(({ description }) => `${name}/${file}/${description}`),
    ]);
    expect(
      unsupported.map(([group]) => group).filter((group) => group.startsWith(`${name}/`) && !known.includes(group)),
    ).toEqual([]);
  });
});
