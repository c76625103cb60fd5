import * as arrays from "./_array-keywords.ts";
import * as combining from "./_combining-keywords.ts";
import * as numbers from "./_number-keywords.ts";
import * as objects from "./_object-keywords.ts";
import { dynamicRefKeyword, refKeyword } from "./_reference-keywords.ts";
import type { Keyword } from "./_site.ts";
import * as strings from "./_string-keywords.ts";
import { unevaluatedItemsKeyword, unevaluatedPropertiesKeyword } from "./_unevaluated-keywords.ts";
import { constKeyword, enumKeyword, typeKeyword } from "./_value-keywords.ts";

/** Where schemas stand in the value of a keyword; `any` is for whichever of these it looks like. */
type Parts = "schema" | "list" | "map" | "any";

/** One version of JSON Schema. */
export type Draft = {
  /** What `$schema` says, without an empty fragment. */
  readonly uri: string;
  readonly idName: "id" | "$id";
  /** Up to draft 7 whatever stands beside `$ref` means nothing. */
  readonly hidesBesideRef: boolean;
  /** Whether a fragment is an id: `"$id": "#name"`. Later that is `$anchor`. */
  readonly hasFragmentIds: boolean;
  readonly parts: ReadonlyMap<string, Parts>;
  /** In the order in which they are looked at. */
  readonly keywords: ReadonlyMap<string, Keyword>;
};

const ofDraft4: readonly (readonly [string, Keyword])[] = [
  ["type", typeKeyword],
  ["enum", enumKeyword],
  ["minimum", numbers.minimumOfDraft4],
  ["maximum", numbers.maximumOfDraft4],
  ["exclusiveMinimum", numbers.exclusiveOfDraft4],
  ["exclusiveMaximum", numbers.exclusiveOfDraft4],
  ["multipleOf", numbers.multipleOfKeyword],
  ["minLength", strings.minLengthKeyword],
  ["maxLength", strings.maxLengthKeyword],
  ["pattern", strings.patternKeyword],
  ["minItems", arrays.minItemsKeyword],
  ["maxItems", arrays.maxItemsKeyword],
  ["items", arrays.itemsOfDraft7],
  ["additionalItems", arrays.additionalItemsKeyword],
  ["uniqueItems", arrays.uniqueItemsKeyword],
  ["required", objects.requiredKeyword],
  ["minProperties", objects.minPropertiesKeyword],
  ["maxProperties", objects.maxPropertiesKeyword],
  ["properties", objects.propertiesKeyword],
  ["patternProperties", objects.patternPropertiesKeyword],
  ["additionalProperties", objects.additionalPropertiesKeyword],
  ["dependencies", combining.dependenciesKeyword],
  ["allOf", combining.allOfKeyword],
  ["anyOf", combining.anyOfKeyword],
  ["oneOf", combining.oneOfKeyword],
  ["not", combining.notKeyword],
  ["$ref", refKeyword],
];

const ofDraft6: readonly (readonly [string, Keyword])[] = [
  ...ofDraft4,
  ["minimum", numbers.minimumKeyword],
  ["maximum", numbers.maximumKeyword],
  ["exclusiveMinimum", numbers.exclusiveMinimumKeyword],
  ["exclusiveMaximum", numbers.exclusiveMaximumKeyword],
  ["const", constKeyword],
  ["contains", arrays.containsOfDraft7],
  ["propertyNames", objects.propertyNamesKeyword],
];

const ofDraft7: readonly (readonly [string, Keyword])[] = [...ofDraft6, ["if", combining.ifKeyword]];

const of202012: readonly (readonly [string, Keyword])[] = [
  ...ofDraft7.filter(([name]) => name !== "additionalItems"),
  ["prefixItems", arrays.prefixItemsKeyword],
  ["items", arrays.itemsKeyword],
  ["contains", arrays.containsKeyword],
  ["minContains", arrays.countOfContains],
  ["maxContains", arrays.countOfContains],
  ["dependentRequired", objects.dependentRequiredKeyword],
  ["dependentSchemas", combining.dependentSchemasKeyword],
  ["$dynamicRef", dynamicRefKeyword],
  // What these two ask, all others have to answer first.
  ["unevaluatedItems", unevaluatedItemsKeyword],
  ["unevaluatedProperties", unevaluatedPropertiesKeyword],
];

const partsOfDraft4: readonly (readonly [string, Parts])[] = [
  ["items", "any"],
  ["additionalItems", "schema"],
  ["properties", "map"],
  ["patternProperties", "map"],
  ["additionalProperties", "schema"],
  ["definitions", "map"],
  ["dependencies", "map"],
  ["allOf", "list"],
  ["anyOf", "list"],
  ["oneOf", "list"],
  ["not", "schema"],
];

const partsOfDraft7: readonly (readonly [string, Parts])[] = [
  ...partsOfDraft4,
  ["contains", "schema"],
  ["propertyNames", "schema"],
  ["if", "schema"],
  ["then", "schema"],
  ["else", "schema"],
];

const partsOf202012: readonly (readonly [string, Parts])[] = [
  ...partsOfDraft7,
  ["$defs", "map"],
  ["prefixItems", "list"],
  ["dependentSchemas", "map"],
  ["unevaluatedItems", "schema"],
  ["unevaluatedProperties", "schema"],
];

const draft4: Draft = {
  uri: "http://json-schema.org/draft-04/schema",
  idName: "id",
  hidesBesideRef: true,
  hasFragmentIds: true,
  parts: new Map(partsOfDraft4),
  keywords: new Map(ofDraft4),
};

const draft6: Draft = {
  ...draft4,
  uri: "http://json-schema.org/draft-06/schema",
  idName: "$id",
  parts: new Map(partsOfDraft7.filter(([name]) => !["if", "then", "else"].includes(name))),
  keywords: new Map(ofDraft6),
};

const draft7: Draft = {
  ...draft6,
  uri: "http://json-schema.org/draft-07/schema",
  parts: new Map(partsOfDraft7),
  keywords: new Map(ofDraft7),
};

/** What a schema is meant for that does not say. */
export const defaultDraft: Draft = {
  uri: "https://json-schema.org/draft/2020-12/schema",
  idName: "$id",
  hidesBesideRef: false,
  hasFragmentIds: false,
  parts: new Map(partsOf202012),
  keywords: new Map(of202012),
};

export const drafts: readonly Draft[] = [draft4, draft6, draft7, defaultDraft];

/** The draft that `$schema` names. Both schemes of its address are found in use. */
export const draftOf = (uri: string): Draft | null => {
  const bare = uri.replace(/#$/, "").replace(/^https?:/, "");
  return drafts.find((draft) => draft.uri.replace(/^https?:/, "") === bare) ?? null;
};
