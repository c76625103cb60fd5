import { isArray, isObject, memberOf } from "./_json.ts";
import { createMarks, type Marks, mergeMarks } from "./_marks.ts";
import { type Check, evaluate, type Node } from "./_node.ts";
import { dependentRequiredKeyword } from "./_object-keywords.ts";
import type { Run } from "./_run.ts";
import type { Keyword, Site } from "./_site.ts";

/** Whether `node` holds, without telling why not. Only when it does, what it looked at counts. */
const holds = (node: Node, value: unknown, run: Run, marks: Marks | null): boolean => {
  const own = marks === null ? null : createMarks();
  run.hush();
  const isValid = evaluate(node, value, run, own);
  run.speakUp();
  if (isValid) mergeMarks(marks, own, run);
  return isValid;
};

const besides = (site: Site, nodes: readonly Node[]): void => void site.node.besides.push(...nodes);

const listed = (site: Site): readonly Node[] | null => {
  const nodes = site.nodesOf(site.value);
  if (nodes !== null) besides(site, nodes);
  return nodes;
};

const single = (site: Site, part: unknown = site.value): Node | null => {
  const node = site.nodeOf(part);
  if (node !== null) besides(site, [node]);
  return node;
};

export const allOfKeyword: Keyword = (site) => {
  const nodes = listed(site);
  if (nodes === null) return null;
  return (given, run, marks) => {
    let isValid = true;
    for (const node of nodes) {
      if (evaluate(node, given, run, marks)) continue;
      isValid = false;
      if (!run.wantsMore()) return false;
    }
    return isValid;
  };
};

export const anyOfKeyword: Keyword = (site) => {
  const nodes = listed(site);
  if (nodes === null) return null;
  return (given, run, marks) => {
    let isValid = false;
    for (const node of nodes) {
      if (holds(node, given, run, marks)) isValid = true;
      // Whoever wants to know what was looked at wants to know it of all that hold.
      if ((isValid && marks === null) || run.isOver) break;
    }
    return isValid || run.fail("must be as one of the schemas says, and is as none does");
  };
};

export const oneOfKeyword: Keyword = (site) => {
  const nodes = listed(site);
  if (nodes === null) return null;
  return (given, run, marks) => {
    let count = 0;
    for (const node of nodes) {
      if (holds(node, given, run, marks)) count += 1;
      if (count > 1 || run.isOver) break;
    }
    if (count === 0) return run.fail("must be as exactly one of the schemas says, and is as none does");
    return count === 1 || run.fail("must be as exactly one of the schemas says, and is as more than one does");
  };
};

export const notKeyword: Keyword = (site) => {
  const node = single(site);
  if (node === null) return null;
  return (given, run) => !holds(node, given, run, null) || run.fail("must not be as the schema says");
};

export const ifKeyword: Keyword = (site) => {
  const condition = single(site);
  if (condition === null) return null;
  const branch = (name: "then" | "else"): Node | null =>
    Object.hasOwn(site.schema, name) ? single(site, memberOf(site.schema, name)) : null;
  const [then, otherwise] = [branch("then"), branch("else")];
  return (given, run, marks) => {
    const next = holds(condition, given, run, marks) ? then : otherwise;
    return next === null || evaluate(next, given, run, marks);
  };
};

const whenThere =
  (nodes: ReadonlyMap<string, Node>): Check =>
  (given, run, marks) => {
    if (!isObject(given)) return true;
    let isValid = run.spend(nodes.size);
    for (const [name, node] of nodes) {
      if (!Object.hasOwn(given, name) || evaluate(node, given, run, marks)) continue;
      isValid = false;
      if (!run.wantsMore()) return false;
    }
    return isValid;
  };

/** Which schema holds for the whole object when a name is there. */
export const dependentSchemasKeyword: Keyword = (site) => {
  const nodes = site.nodeMapOf(site.value);
  if (nodes === null) return null;
  besides(site, [...nodes.values()]);
  return whenThere(nodes);
};

/** Up to draft 7: for each name a list of names, or a schema. */
export const dependenciesKeyword: Keyword = (site) => {
  if (!isObject(site.value)) return site.refuse("must be an object");
  const parts = Object.entries(site.value);
  const pick = (isList: boolean): object => Object.fromEntries(parts.filter(([, part]) => isArray(part) === isList));
  const checks = [
    dependentRequiredKeyword({ ...site, value: pick(true) }),
    dependentSchemasKeyword({ ...site, value: pick(false) }),
  ].filter((check) => check !== null);
  return (given, run, marks) => checks.filter((check) => check(given, run, marks)).length === checks.length;
};
