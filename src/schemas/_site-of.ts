import { isArray, isObject, type JsonObject, memberOf } from "./_json.ts";
import type { Node } from "./_node.ts";
import type { MadePattern } from "./_patterns.ts";
import type { Resource } from "./_resource.ts";
import type { Reference, Site } from "./_site.ts";

/** What is needed of the schema around a keyword. `place` is the JSON pointer of what is asked for. */
export type Surroundings = {
  nodeOf(part: { readonly value: unknown; readonly home: Resource }, place: string): Node | null;
  referenceOf(reference: unknown, home: Resource, place: string): Reference | null;
  patternOf(source: unknown): MadePattern;
  refuse(place: string, message: string): null;
};

/** A schema whose checks are still to be made, and where it stands. */
export type Waiting = { readonly schema: JsonObject; readonly node: Node; readonly place: string };

/** The keyword `name` of a schema. */
export const siteOf = (around: Surroundings, { schema, node, place }: Waiting, name: string): Site => {
  const here = `${place}/${name}`;
  const partOf = (value: unknown, token: string): Node | null =>
    around.nodeOf({ value, home: node.resource }, `${here}${token}`);
  return {
    schema,
    node,
    value: memberOf(schema, name),
    nodeOf: (part) => partOf(part, ""),
    nodesOf: (parts) => {
      if (!isArray(parts) || parts.length === 0) return around.refuse(here, "must be a list of schemas");
      return parts.flatMap((part, index) => partOf(part, `/${index}`) ?? []);
    },
    nodeMapOf: (parts) => {
      if (!isObject(parts)) return around.refuse(here, "must be an object of schemas");
      const entries = Object.entries(parts).map(([key, part]) => [key, partOf(part, `/${key}`)] as const);
      return new Map(entries.flatMap(([key, part]) => (part === null ? [] : [[key, part] as const])));
    },
    referenceOf: (reference) => around.referenceOf(reference, node.resource, here),
    patternOf: (source) => {
      const made = around.patternOf(source);
      return made.kind === "pattern" ? made.pattern : around.refuse(here, made.message);
    },
    refuse: (message) => around.refuse(here, message),
  };
};
