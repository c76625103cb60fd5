import { goesInCircles } from "./_circles.ts";
import { createDocuments, type Part } from "./_documents.ts";
import type { Draft } from "./_draft.ts";
import { isObject, type JsonObject, memberOf } from "./_json.ts";
import type { Check, Node } from "./_node.ts";
import { createPatterns } from "./_patterns.ts";
import type { Resource } from "./_resource.ts";
import { siteOf, type Surroundings, type Waiting } from "./_site-of.ts";
import type { Reference } from "./_site.ts";

export type CompiledNodes =
  | { readonly kind: "compiled"; readonly root: Node }
  | { readonly kind: "refused"; readonly message: string };

const createNode = (resource: Resource, checks: Check[] = []): Node => ({
  resource,
  checks,
  besides: [],
  asksForMarks: false,
});

/** The schema `false`. */
const nothing: Check = (_given, run) => run.fail("must not be there");

const makeChecks = (draft: Draft, around: Surroundings, next: Waiting): void => {
  const isReference = draft.hidesBesideRef && typeof memberOf(next.schema, "$ref") === "string";
  for (const [name, keyword] of draft.keywords) {
    if (!Object.hasOwn(next.schema, name) || (isReference && name !== "$ref")) continue;
    const check = keyword(siteOf(around, next, name));
    if (check !== null) next.node.checks.push(check);
  }
};

/** Makes of a schema what looks at values. Each part once, and one after the other: a long chain of references takes no stack. */
export const compileNodes = (draft: Draft, schema: JsonObject | boolean): CompiledNodes => {
  const refusals: string[] = [];
  const documents = createDocuments(draft, schema, (message) => void refusals.push(message));
  const nodes = new Map<JsonObject, Node>();
  const all = new Set<Node>();
  const waiting: Waiting[] = [];
  const dynamicNodes = new Map<string, Map<Resource, Node>>();

  const refuse = (place: string, message: string): null => {
    refusals.push(`${place} ${message}`.trimStart());
    return null;
  };

  const nodeOf = ({ value, home }: Part, place: string): Node | null => {
    if (isObject(value)) {
      const known = nodes.get(value);
      if (known !== undefined) return known;
      const node = createNode(documents.homeOf(value, home));
      nodes.set(value, node);
      all.add(node);
      waiting.push({ schema: value, node, place });
      return node;
    }
    if (typeof value !== "boolean") return refuse(place, "must be a schema: an object, true or false");
    const node = createNode(home, value ? [] : [nothing]);
    all.add(node);
    return node;
  };

  const referenceOf = (reference: unknown, home: Resource, place: string): Reference | null => {
    if (typeof reference !== "string") return refuse(place, "must be an address");
    const found = documents.find(reference, home);
    if (found.kind === "missing") return refuse(place, found.message);
    const node = nodeOf(found, place);
    if (node === null) return null;
    if (found.anchor === null || !found.home.dynamicAnchors.has(found.anchor)) return { node, dynamicNodes: null };
    const others = dynamicNodes.get(found.anchor) ?? new Map<Resource, Node>();
    dynamicNodes.set(found.anchor, others);
    return { node, dynamicNodes: others };
  };

  /** What a `$dynamicRef` may lead to depends on where evaluation comes from: all of it has to be there. */
  const addDynamicNodes = (): void => {
    for (const [name, others] of dynamicNodes) {
      for (const resource of documents.resources()) {
        const value = resource.dynamicAnchors.get(name);
        const node = value === undefined ? null : nodeOf({ value, home: resource }, `#${name}`);
        if (node !== null) others.set(resource, node);
      }
    }
  };

  const around: Surroundings = { nodeOf, referenceOf, patternOf: createPatterns(), refuse };
  const root = nodeOf(documents.root, "");
  for (let next = waiting.pop(); next !== undefined && refusals.length === 0; next = waiting.pop()) {
    makeChecks(draft, around, next);
    if (waiting.length === 0) addDynamicNodes();
  }
  const [refusal] = refusals;
  if (refusal !== undefined || root === null) return { kind: "refused", message: refusal ?? "must be a schema" };
  if (goesInCircles(all)) return { kind: "refused", message: "must not refer to itself for the same value" };
  return { kind: "compiled", root };
};
