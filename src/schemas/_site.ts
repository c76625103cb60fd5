import type { JsonObject } from "./_json.ts";
import type { Check, Node } from "./_node.ts";
import type { Pattern } from "./_pattern.ts";
import type { Resource } from "./_resource.ts";

/** Where a keyword stands, for what makes a check of it. */
export type Site = {
  /** The schema that the keyword is in, for keywords that belong to it. */
  readonly schema: JsonObject;
  /** The node that is being made of that schema. */
  readonly node: Node;
  /** The value of the keyword. */
  readonly value: unknown;
  /** The schema that is part of this one, or refuses what is none. */
  nodeOf(part: unknown): Node | null;
  /** The schemas of a keyword whose value is a list of them, with one at least. */
  nodesOf(parts: unknown): readonly Node[] | null;
  /** The schemas of a keyword whose value is an object of them. */
  nodeMapOf(parts: unknown): ReadonlyMap<string, Node> | null;
  /** What an address in the schema refers to. */
  referenceOf(reference: unknown): Reference | null;
  patternOf(source: unknown): Pattern | null;
  /** Notes why the schema cannot be used: `must be …`. */
  refuse(message: string): null;
};

export type Reference = {
  readonly node: Node;
  /** What stands in its place in each resource, when it has a name for that; evaluation takes that of the outermost. */
  readonly dynamicNodes: ReadonlyMap<Resource, Node> | null;
};

/** Makes the check of one keyword; null when there is nothing to check, or when it was refused. */
export type Keyword = (site: Site) => Check | null;
