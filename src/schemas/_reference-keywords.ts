import { evaluate, type Node } from "./_node.ts";
import type { Run } from "./_run.ts";
import type { Keyword, Reference } from "./_site.ts";

export const refKeyword: Keyword = (site) => {
  const reference = site.referenceOf(site.value);
  if (reference === null) return null;
  site.node.besides.push(reference.node);
  return (given, run, marks) => evaluate(reference.node, given, run, marks);
};

/** What stands for `reference` in the outermost resource that has something under its name. */
const found = ({ node, dynamicNodes }: Reference, run: Run): Node => {
  if (dynamicNodes === null || !run.spend(run.scope.length)) return node;
  for (const resource of run.scope) {
    const outer = dynamicNodes.get(resource);
    if (outer !== undefined) return outer;
  }
  return node;
};

export const dynamicRefKeyword: Keyword = (site) => {
  const reference = site.referenceOf(site.value);
  if (reference === null) return null;
  return (given, run, marks) => evaluate(found(reference, run), given, run, marks);
};
