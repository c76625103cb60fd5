import { canonicalText } from "./_canonical-text.ts";
import { countOf } from "./_count.ts";
import { isArray, memberOf } from "./_json.ts";
import { markItems, type Marks } from "./_marks.ts";
import { type Check, evaluate, evaluateBelow, type Node } from "./_node.ts";
import type { Run } from "./_run.ts";
import type { Keyword } from "./_site.ts";

/** The items from `start` on, each by the same schema. */
const rest =
  (node: Node, start: number): Check =>
  (given, run, marks) => {
    if (!isArray(given)) return true;
    let isValid = true;
    for (let index = start; index < given.length; index += 1) {
      if (evaluateBelow(node, given[index], run, index)) continue;
      isValid = false;
      if (!run.wantsMore()) return false;
    }
    markItems(marks, given.length);
    return isValid;
  };

/** The first items, each by a schema of its own. */
const eachByItsOwn =
  (nodes: readonly Node[]): Check =>
  (given, run, marks) => {
    if (!isArray(given)) return true;
    let isValid = true;
    for (const [index, node] of nodes.entries()) {
      if (index >= given.length) break;
      if (evaluateBelow(node, given[index], run, index)) continue;
      isValid = false;
      if (!run.wantsMore()) return false;
    }
    markItems(marks, Math.min(nodes.length, given.length));
    return isValid;
  };

const sizeOf = (list: unknown): number => (isArray(list) ? list.length : 0);

export const prefixItemsKeyword: Keyword = (site) => {
  const nodes = site.nodesOf(site.value);
  return nodes === null ? null : eachByItsOwn(nodes);
};

export const itemsKeyword: Keyword = (site) => {
  if (isArray(site.value)) return site.refuse("must be one schema; a list of them is prefixItems in this draft");
  const node = site.nodeOf(site.value);
  return node === null ? null : rest(node, sizeOf(memberOf(site.schema, "prefixItems")));
};

/** Up to draft 7 a list of schemas is for the first items. */
export const itemsOfDraft7: Keyword = (site) => {
  // An empty list is for no item.
  if (isArray(site.value)) return site.value.length === 0 ? null : prefixItemsKeyword(site);
  const node = site.nodeOf(site.value);
  return node === null ? null : rest(node, 0);
};

export const additionalItemsKeyword: Keyword = (site) => {
  const node = site.nodeOf(site.value);
  const items = memberOf(site.schema, "items");
  return node === null || !isArray(items) ? null : rest(node, items.length);
};

export const minItemsKeyword: Keyword = (site) => {
  const limit = countOf(site);
  if (limit === null) return null;
  const message = `must have at least ${limit} items`;
  return (given, run) => !isArray(given) || given.length >= limit || run.fail(message);
};

export const maxItemsKeyword: Keyword = (site) => {
  const limit = countOf(site);
  if (limit === null) return null;
  const message = `must have at most ${limit} items`;
  return (given, run) => !isArray(given) || given.length <= limit || run.fail(message);
};

/** Comparing an item with all before it takes about this many units of work. */
const workPerItem = 5;

const areUnique = (items: readonly unknown[], run: Run): boolean => {
  const single = new Set<unknown>();
  const composite = new Set<unknown>();
  for (const item of items) {
    const isComposite = typeof item === "object" && item !== null;
    if (!run.spend(workPerItem)) return false;
    const seen = isComposite ? composite : single;
    const key = isComposite ? canonicalText(item, (work) => run.spend(work)) : item;
    if (seen.has(key)) return false;
    seen.add(key);
  }
  return true;
};

export const uniqueItemsKeyword: Keyword = ({ value, refuse }) => {
  if (typeof value !== "boolean") return refuse("must be true or false");
  if (!value) return null;
  return (given, run) => !isArray(given) || areUnique(given, run) || run.fail("must not have the same item twice");
};

/** The items that `node` holds for; each that does is marked. */
const countMatches = (node: Node, items: readonly unknown[], run: Run, marks: Marks | null): number => {
  let count = 0;
  run.hush();
  for (const [index, item] of items.entries()) {
    if (run.isOver) break;
    if (!evaluate(node, item, run, null)) continue;
    count += 1;
    marks?.items.add(index);
  }
  run.speakUp();
  return count;
};

/** `contains`, with how many at least and at most. */
const contains = (node: Node, least: number, most: number): Check => {
  const tooFew = least === 1 ? "must contain an item as the schema says" : `must contain at least ${least} such items`;
  const tooMany = `must contain at most ${most} such items`;
  return (given, run, marks) => {
    if (!isArray(given)) return true;
    const count = countMatches(node, given, run, marks);
    if (count < least) return run.fail(tooFew);
    return count <= most || run.fail(tooMany);
  };
};

export const containsKeyword: Keyword = (site) => {
  const node = site.nodeOf(site.value);
  if (node === null) return null;
  const countBeside = (name: string, otherwise: number): number => {
    const value = memberOf(site.schema, name);
    return typeof value === "number" ? value : otherwise;
  };
  return contains(node, countBeside("minContains", 1), countBeside("maxContains", Number.POSITIVE_INFINITY));
};

export const containsOfDraft7: Keyword = (site) => {
  const node = site.nodeOf(site.value);
  if (node === null) return null;
  const check = contains(node, 1, Number.POSITIVE_INFINITY);
  return (given, run) => check(given, run, null);
};

/** Read with `contains`. */
export const countOfContains: Keyword = (site) => {
  countOf(site);
  return null;
};
