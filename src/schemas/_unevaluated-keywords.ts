import { isArray, isObject } from "./_json.ts";
import { markAllNames, markItems } from "./_marks.ts";
import { namesIn } from "./_names.ts";
import { evaluateBelow } from "./_node.ts";
import type { Keyword } from "./_site.ts";

/** Members that no other keyword has looked at, nor any schema that holds for the same object. Looked at last. */
export const unevaluatedPropertiesKeyword: Keyword = (site) => {
  const node = site.nodeOf(site.value);
  if (node === null) return null;
  site.node.asksForMarks = true;
  return (given, run, marks) => {
    if (!isObject(given) || marks === null || marks.hasAllNames) return true;
    let isValid = true;
    for (const name of namesIn(given, run)) {
      if (marks.names.has(name)) continue;
      if (evaluateBelow(node, given[name], run, name)) continue;
      isValid = false;
      if (!run.wantsMore()) return false;
    }
    markAllNames(marks);
    return isValid;
  };
};

/** The same for items. */
export const unevaluatedItemsKeyword: Keyword = (site) => {
  const node = site.nodeOf(site.value);
  if (node === null) return null;
  site.node.asksForMarks = true;
  return (given, run, marks) => {
    if (!isArray(given) || marks === null) return true;
    let isValid = true;
    for (let index = marks.itemCount; index < given.length; index += 1) {
      if (marks.items.has(index)) continue;
      if (evaluateBelow(node, given[index], run, index)) continue;
      isValid = false;
      if (!run.wantsMore()) return false;
    }
    markItems(marks, given.length);
    return isValid;
  };
};
