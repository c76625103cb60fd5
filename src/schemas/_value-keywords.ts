import { canonicalText } from "./_canonical-text.ts";
import { isArray, type JsonType, typeOf } from "./_json.ts";
import type { Check } from "./_node.ts";
import type { Keyword } from "./_site.ts";

const typeNames: ReadonlySet<unknown> = new Set<JsonType | "integer">([
  "null",
  "boolean",
  "number",
  "string",
  "array",
  "object",
  "integer",
]);

/** Text of what is listed, for a message. */
const listCharsMax = 200;

export const typeKeyword: Keyword = ({ value, refuse }) => {
  const names: readonly unknown[] = isArray(value) ? value : [value];
  if (names.length === 0 || !names.every((name) => typeNames.has(name))) {
    return refuse(`must be one or more of ${[...typeNames].join(", ")}`);
  }
  const allowed = new Set(names);
  const takesIntegers = allowed.has("integer") && !allowed.has("number");
  const message = `must be ${names.join(" or ")}`;
  return (given, run) => allowed.has(typeOf(given)) || (takesIntegers && Number.isInteger(given)) || run.fail(message);
};

const isComposite = (value: unknown): boolean => typeof value === "object" && value !== null;

/** Whether a value is one of those. What a schema holds is small enough to be made text whole. */
const oneOf = (values: readonly unknown[], message: string): Check => {
  const single = new Set(values.filter((value) => !isComposite(value)));
  const composite = new Set(values.filter(isComposite).map((value) => canonicalText(value, () => true)));
  return (given, run) => {
    if (!isComposite(given)) return single.has(given) || run.fail(message);
    if (composite.size === 0) return run.fail(message);
    return composite.has(canonicalText(given, (work) => run.spend(work))) || run.fail(message);
  };
};

export const enumKeyword: Keyword = ({ value, refuse }) => {
  if (!isArray(value)) return refuse("must be a list");
  const shown = JSON.stringify(value);
  return oneOf(
    value,
    shown.length > listCharsMax ? "must be one of the values of the schema" : `must be one of ${shown}`,
  );
};

export const constKeyword: Keyword = ({ value }) => {
  const shown = JSON.stringify(value);
  return oneOf([value], shown.length > listCharsMax ? "must be the value of the schema" : `must be ${shown}`);
};
