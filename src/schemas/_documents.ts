import { readAddress } from "./_address.ts";
import type { Draft } from "./_draft.ts";
import { isArray, isObject, type JsonObject, memberOf } from "./_json.ts";
import { metaSchemasOf } from "./_meta-schemas.ts";
import { createResourceIndex } from "./_resource-index.ts";
import type { Resource } from "./_resource.ts";

/** A part of a schema, and the resource that it is in. */
export type Part = { readonly value: unknown; readonly home: Resource };

export type Found =
  | ({ readonly kind: "found"; /** The name that led there. */ readonly anchor: string | null } & Part)
  | { readonly kind: "missing"; readonly message: string };

/** The schema, what is in it under an address of its own, and the meta-schemas it refers to. */
export type Documents = {
  readonly root: Part;
  resources(): Iterable<Resource>;
  /** The resource of `part`, or the one it stands in. */
  homeOf(part: JsonObject, outer: Resource): Resource;
  /** What `reference`, written somewhere in `from`, leads to. */
  find(reference: string, from: Resource): Found;
};

const unescapeToken = (token: string): string => token.replaceAll("~1", "/").replaceAll("~0", "~");

const childOf = (value: unknown, token: string): unknown => {
  if (isArray(value)) return /^(0|[1-9]\d*)$/.test(token) ? value[Number(token)] : undefined;
  return isObject(value) ? memberOf(value, token) : undefined;
};

/** `refuse` hears why the schema cannot be used. */
export const createDocuments = (
  draft: Draft,
  schema: JsonObject | boolean,
  refuse: (message: string) => void,
): Documents => {
  const index = createResourceIndex(draft, refuse);
  const metaSchemas = new Map(
    metaSchemasOf(draft).map((each) => [readAddress(memberOf(each, draft.idName))?.uri ?? "", each]),
  );

  const resourceAt = (uri: string): Resource | undefined => {
    const known = index.resources.get(uri);
    if (known !== undefined || !metaSchemas.has(uri)) return known;
    for (const [each, document] of metaSchemas) if (!index.resources.has(each)) index.addDocument(document, each);
    return index.resources.get(uri);
  };

  const follow = (pointer: string, resource: Resource): Part => {
    let part: Part = { value: resource.root, home: resource };
    for (const token of pointer.split("/").slice(1)) {
      const value = childOf(part.value, unescapeToken(token));
      part = { value, home: isObject(value) ? (index.homes.get(value) ?? part.home) : part.home };
    }
    // It may stand where no schema is expected, and then holds addresses and names that nobody has read yet.
    index.add(part.value, part.home);
    return part;
  };

  const find = (reference: string, from: Resource): Found => {
    const address = readAddress(reference, from.uri);
    if (address === null) return { kind: "missing", message: `must be an address: ${reference}` };
    const { uri, fragment } = address;
    const resource = resourceAt(uri);
    if (resource === undefined) {
      return { kind: "missing", message: `must lead to a place in the schema; nothing is fetched: ${reference}` };
    }
    if (fragment === "") return { kind: "found", value: resource.root, home: resource, anchor: null };
    const isPointer = fragment.startsWith("/");
    const part = isPointer ? follow(fragment, resource) : { value: resource.anchors.get(fragment), home: resource };
    if (part.value === undefined) return { kind: "missing", message: `must lead to what is there: ${reference}` };
    return { kind: "found", ...part, anchor: isPointer ? null : fragment };
  };

  const home = index.addDocument(schema, readAddress("")?.uri ?? "");
  return {
    root: { value: schema, home },
    resources: () => index.resources.values(),
    homeOf: (part, outer) => index.homes.get(part) ?? outer,
    find,
  };
};
