import { clip } from "../lib/text.ts";
import { countOf } from "./_count.ts";
import { isArray, isObject, memberOf } from "./_json.ts";
import { markAllNames } from "./_marks.ts";
import { namesIn } from "./_names.ts";
import { evaluateBelow, type Node } from "./_node.ts";
import type { Pattern } from "./_pattern.ts";
import type { Run } from "./_run.ts";
import type { Keyword, Site } from "./_site.ts";

/** Characters of a member's name in a message. */
const nameCharsMax = 100;

export const shownName = (name: string): string => `'${clip(name, nameCharsMax)}'`;

export const propertiesKeyword: Keyword = (site) => {
  const nodes = site.nodeMapOf(site.value);
  if (nodes === null) return null;
  return (given, run, marks) => {
    if (!isObject(given)) return true;
    if (!run.spend(nodes.size)) return false;
    let isValid = true;
    for (const [name, node] of nodes) {
      if (!Object.hasOwn(given, name)) continue;
      marks?.names.add(name);
      if (evaluateBelow(node, given[name], run, name)) continue;
      isValid = false;
      if (!run.wantsMore()) return false;
    }
    return isValid;
  };
};

type PatternNodes = readonly (readonly [pattern: Pattern, node: Node])[];

const patternNodesOf = (site: Site, nodes: ReadonlyMap<string, Node>): PatternNodes =>
  [...nodes].flatMap(([source, node]) => {
    const pattern = site.patternOf(source);
    return pattern === null ? [] : [[pattern, node] as const];
  });

export const patternPropertiesKeyword: Keyword = (site) => {
  const byText = site.nodeMapOf(site.value);
  if (byText === null) return null;
  const nodes = patternNodesOf(site, byText);
  return (given, run, marks) => {
    if (!isObject(given)) return true;
    let isValid = true;
    for (const name of namesIn(given, run)) {
      for (const [pattern, node] of nodes) {
        if (!pattern.matches(name, run)) continue;
        marks?.names.add(name);
        if (evaluateBelow(node, given[name], run, name)) continue;
        isValid = false;
        if (!run.wantsMore()) return false;
      }
    }
    return isValid;
  };
};

/** Members that neither `properties` nor `patternProperties` beside it speak of. */
export const additionalPropertiesKeyword: Keyword = (site) => {
  const node = site.nodeOf(site.value);
  if (node === null) return null;
  const beside = (name: string): readonly string[] => {
    const value = memberOf(site.schema, name);
    return isObject(value) ? Object.keys(value) : [];
  };
  const names = new Set(beside("properties"));
  const patterns = beside("patternProperties").flatMap((source) => site.patternOf(source) ?? []);
  return (given, run, marks) => {
    if (!isObject(given)) return true;
    let isValid = true;
    for (const name of namesIn(given, run)) {
      if (names.has(name) || patterns.some((pattern) => pattern.matches(name, run))) continue;
      if (evaluateBelow(node, given[name], run, name)) continue;
      isValid = false;
      if (!run.wantsMore()) return false;
    }
    markAllNames(marks);
    return isValid;
  };
};

export const propertyNamesKeyword: Keyword = (site) => {
  const node = site.nodeOf(site.value);
  if (node === null) return null;
  return (given, run) => {
    if (!isObject(given)) return true;
    let isValid = true;
    for (const name of namesIn(given, run)) {
      if (evaluateBelow(node, name, run, name)) continue;
      isValid = false;
      if (!run.wantsMore()) return false;
    }
    return isValid;
  };
};

/** A list of names, or null when it was refused. */
const namesOf = (value: unknown, site: Pick<Site, "refuse">): readonly string[] | null => {
  const names = isArray(value) ? value.filter((name) => typeof name === "string") : null;
  if (isArray(value) && names?.length === value.length) return names;
  return site.refuse("must be a list of names");
};

const hasAll = (given: object, names: readonly string[], run: Run): boolean => {
  if (!run.spend(names.length)) return false;
  let isValid = true;
  for (const name of names) {
    if (Object.hasOwn(given, name)) continue;
    isValid = run.fail(`must have the member ${shownName(name)}`);
    if (!run.wantsMore()) return false;
  }
  return isValid;
};

export const requiredKeyword: Keyword = (site) => {
  const names = namesOf(site.value, site);
  return names === null ? null : (given, run) => !isObject(given) || hasAll(given, names, run);
};

/** Which names must be there when one is. */
export const dependentRequiredKeyword: Keyword = (site) => {
  if (!isObject(site.value)) return site.refuse("must be an object of lists of names");
  const lists = Object.entries(site.value).map(([name, list]) => [name, namesOf(list, site) ?? []] as const);
  return (given, run) => {
    if (!isObject(given)) return true;
    let isValid = run.spend(lists.length);
    for (const [name, names] of lists) {
      if (!Object.hasOwn(given, name) || hasAll(given, names, run)) continue;
      isValid = false;
      if (!run.wantsMore()) return false;
    }
    return isValid;
  };
};

export const minPropertiesKeyword: Keyword = (site) => {
  const limit = countOf(site);
  if (limit === null) return null;
  const message = `must have at least ${limit} members`;
  return (given, run) => !isObject(given) || namesIn(given, run).length >= limit || run.fail(message);
};

export const maxPropertiesKeyword: Keyword = (site) => {
  const limit = countOf(site);
  if (limit === null) return null;
  const message = `must have at most ${limit} members`;
  return (given, run) => !isObject(given) || namesIn(given, run).length <= limit || run.fail(message);
};
