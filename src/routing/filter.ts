import { allHeaders } from "../lib/headers.ts";
import type { EventFacts } from "./event-facts.ts";
import type { FilterRule, Scalar } from "./filter-rule.ts";

/** Whether an event passes. */
export type Filter = (facts: EventFacts) => boolean;

type Values = readonly unknown[];

/** Nothing found is no values; whatever is found is one or more. */
const present = (value: unknown): Values => (value === undefined || value === null ? [] : [value]);

const index = /^(0|[1-9]\d{0,8})$/;

/** One step of a path. Only own properties count, so that `constructor` finds what the sender sent and nothing else. */
const step = (values: Values, name: string): Values => {
  const found: unknown[] = [];
  // Grows while it is walked: an array stands for its elements, however deep they lie.
  const open = [...values];
  for (const value of open) {
    if (typeof value !== "object" || value === null) continue;
    if (Array.isArray(value) && !index.test(name)) {
      for (const element of value) open.push(element);
    } else if (Object.hasOwn(value, name)) found.push(Reflect.get(value, name));
  }
  return found;
};

/** What a path that ends at an array is compared by: its elements. */
const elementsOf = (values: Values): Values => {
  if (!values.some(Array.isArray)) return values;
  const open = [...values];
  const elements: unknown[] = [];
  for (const value of open) {
    if (!Array.isArray(value)) elements.push(value);
    else for (const element of value) open.push(element);
  }
  return elements;
};

/** Finds the values that a field names. */
const finderOf = (field: string): ((facts: EventFacts) => Values) => {
  switch (field) {
    case "method":
      return ({ method }) => [method];
    case "content_type":
      return ({ contentType }) => present(contentType);
    case "source_ip":
      return ({ senderAddress }) => present(senderAddress);
    default: {
      const [root = "", ...names] = field.split(".");
      const rest = field.slice(root.length + 1);
      if (root === "headers") {
        const name = rest.toLowerCase();
        return ({ headers }) => allHeaders(headers, name);
      }
      if (root === "query") return (facts) => facts.query(rest);
      return (facts) => {
        const body = facts.body();
        let values: Values = body === undefined ? [] : [body];
        for (const name of names) {
          if (values.length === 0) return values;
          values = step(values, name);
        }
        return values;
      };
    }
  }
};

const isOneOf = (values: Values, wanted: ReadonlySet<unknown>): boolean =>
  elementsOf(values).some((value) => wanted.has(value));

const isAny = (values: Values, holds: (value: number) => boolean): boolean =>
  elementsOf(values).some((value) => typeof value === "number" && holds(value));

/** Whether a rule holds for what was found. */
const conditionOf = (rule: FilterRule): ((values: Values) => boolean) => {
  switch (rule.op) {
    case "eq":
    case "neq": {
      const wanted = new Set<Scalar>([rule.value]);
      const isWanted = rule.op === "eq";
      return (values) => isOneOf(values, wanted) === isWanted;
    }
    case "in": {
      const wanted = new Set<Scalar>(rule.value);
      return (values) => isOneOf(values, wanted);
    }
    case "contains": {
      const part = rule.value;
      return (values) => elementsOf(values).some((value) => typeof value === "string" && value.includes(part));
    }
    case "gt":
      return (values) => isAny(values, (value) => value > rule.value);
    case "gte":
      return (values) => isAny(values, (value) => value >= rule.value);
    case "lt":
      return (values) => isAny(values, (value) => value < rule.value);
    case "lte":
      return (values) => isAny(values, (value) => value <= rule.value);
    case "exists":
      return (values) => values.length > 0 === rule.value;
  }
};

/** Makes a filter of rules, which must all hold. Done once for each connection. */
export const compileFilter = (rules: readonly FilterRule[]): Filter => {
  const conditions = rules.map((rule) => ({ find: finderOf(rule.field), holds: conditionOf(rule) }));
  return (facts) => conditions.every(({ find, holds }) => holds(find(facts)));
};
