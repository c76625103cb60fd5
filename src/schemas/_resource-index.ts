import { readAddress } from "./_address.ts";
import type { Draft } from "./_draft.ts";
import { isArray, isObject, type JsonObject, memberOf } from "./_json.ts";
import type { Resource } from "./_resource.ts";

/** The parts of a schema that have addresses and names, and to which of them everything belongs. */
export type ResourceIndex = {
  readonly resources: ReadonlyMap<string, Resource>;
  /** The resource of each schema that was looked at. */
  readonly homes: ReadonlyMap<JsonObject, Resource>;
  /** Looks at `part` and all schemas in it, which stand in `outer`. */
  add(part: unknown, outer: Resource): void;
  /** Adds what stands by itself at `uri`. */
  addDocument(document: JsonObject | boolean, uri: string): Resource;
};

/** The schemas in the value of a keyword that holds several. */
const partsIn = (value: unknown): readonly unknown[] => {
  if (isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
};

const nameAnchors = (part: JsonObject, home: Resource): void => {
  const [anchor, dynamicAnchor] = [memberOf(part, "$anchor"), memberOf(part, "$dynamicAnchor")];
  if (typeof anchor === "string") home.anchors.set(anchor, part);
  if (typeof dynamicAnchor !== "string") return;
  home.anchors.set(dynamicAnchor, part);
  home.dynamicAnchors.set(dynamicAnchor, part);
};

/** `refuse` hears why the schema cannot be used. */
export const createResourceIndex = (draft: Draft, refuse: (message: string) => void): ResourceIndex => {
  const resources = new Map<string, Resource>();
  const homes = new Map<JsonObject, Resource>();

  const createResource = (uri: string, root: JsonObject | boolean): Resource => {
    if (resources.has(uri)) refuse(`'${draft.idName}' must not be the same twice: ${uri}`);
    const resource: Resource = { uri, root, anchors: new Map(), dynamicAnchors: new Map() };
    resources.set(uri, resource);
    return resource;
  };

  /** The resource of `part`, which is a new one when it has an address of its own. */
  const homeByAddress = (part: JsonObject, outer: Resource): Resource => {
    const id = memberOf(part, draft.idName);
    if (id === undefined) return outer;
    const address = readAddress(id, outer.uri);
    if (address === null || (address.fragment !== "" && !draft.hasFragmentIds)) {
      refuse(`'${draft.idName}' must be an address: ${JSON.stringify(id)}`);
      return outer;
    }
    const home = address.uri === outer.uri ? outer : createResource(address.uri, part);
    if (address.fragment !== "") home.anchors.set(address.fragment, part);
    return home;
  };

  const add = (part: unknown, outer: Resource): void => {
    if (!isObject(part) || homes.has(part)) return;
    const hidesId = draft.hidesBesideRef && typeof memberOf(part, "$ref") === "string";
    const home = hidesId ? outer : homeByAddress(part, outer);
    homes.set(part, home);
    if (!draft.hasFragmentIds) nameAnchors(part, home);
    for (const [name, kind] of draft.parts) {
      const value = memberOf(part, name);
      const isOne = kind === "schema" || (kind === "any" && !isArray(value));
      for (const child of isOne ? [value] : partsIn(value)) add(child, home);
    }
  };

  const addDocument = (document: JsonObject | boolean, uri: string): Resource => {
    const resource = createResource(uri, document);
    add(document, resource);
    return resource;
  };

  return { resources, homes, add, addDocument };
};
