import type { JsonObject } from "./_json.ts";

/** A schema document, or a part of one that has an address of its own. */
export type Resource = {
  /** Its absolute address, without a fragment. */
  readonly uri: string;
  readonly root: JsonObject | boolean;
  /** Parts that have a name in this resource. */
  readonly anchors: Map<string, JsonObject>;
  /** Those of them that a `$dynamicRef` may find from outside. */
  readonly dynamicAnchors: Map<string, JsonObject>;
};
