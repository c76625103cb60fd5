import type { Draft } from "./_draft.ts";
import { isObject, type JsonObject } from "./_json.ts";
import draft4 from "./meta-schemas/draft-04.json" with { type: "json" };
import draft6 from "./meta-schemas/draft-06.json" with { type: "json" };
import draft7 from "./meta-schemas/draft-07.json" with { type: "json" };
import draft202012 from "./meta-schemas/draft-2020-12.json" with { type: "json" };

const documents: readonly unknown[] = [...draft4, ...draft6, ...draft7, ...draft202012];

/** What the drafts say of schemas themselves, as published, by `$schema`. */
const byDraft: ReadonlyMap<unknown, readonly JsonObject[]> = Map.groupBy(documents.filter(isObject), (document) =>
  String(document["$schema"]).replace(/#$/, ""),
);

/** The schemas of all schemas of `draft`: a `$ref` to one is the only one out of a schema that is followed. */
export const metaSchemasOf = (draft: Draft): readonly JsonObject[] => byDraft.get(draft.uri) ?? [];
