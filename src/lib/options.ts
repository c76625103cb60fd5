import type { z } from "zod";

/** One setting: what it is called, what it means, and how its text becomes a value. */
export type Option<Value> = {
  /** The environment variable. */
  name: string;
  /** The text used when the variable is unset or empty; `$NAME` stands for that option. null: no value, `null`. */
  default: null extends Value ? null : string;
  /** What it means, for people: a sentence in Markdown, without a full stop. */
  doc: string;
  /** Its messages complete "NAME …", and never show the text: it may be a secret. */
  parse: z.ZodType<NonNullable<Value>, string>;
};

/** One option for each key of `Values`. */
export type Options<Values> = { readonly [Key in keyof Values]: Option<Values[Key]> };

/** Options of any kind, for what only reads and shows them. */
export type AnyOptions = Readonly<
  Record<string, { name: string; default: string | null; doc: string; parse: z.ZodType<unknown, string> }>
>;

/** Where texts come from: `process.env`, or a record of a test. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The values, or everything that is wrong with them. */
export type Loaded<Values> = { ok: true; values: Values } | { ok: false; problems: string[] };

type AnyOption = AnyOptions[string];

const ownText = ({ name }: AnyOption, environment: Environment): string => environment[name]?.trim() ?? "";

/** A default may name an option that stands before it. */
const namePattern = /\$(\w+)/g;

const textOf = (option: AnyOption, texts: ReadonlyMap<string, string | null>, own: string): string | null =>
  own === "" ? (option.default?.replaceAll(namePattern, (_, name: string) => texts.get(name) ?? "") ?? null) : own;

/** Reads every option. An empty text counts as unset. All problems are found at once. */
export const loadOptions = <Values extends object>(
  options: Options<Values> & AnyOptions,
  environment: Environment,
): Loaded<Values> => {
  const values: Record<string, unknown> = {};
  const texts = new Map<string, string | null>();
  const problems: string[] = [];
  const readOne = (key: string, option: AnyOption): void => {
    const text = textOf(option, texts, ownText(option, environment));
    texts.set(option.name, text);
    const parsed = text === null ? null : option.parse.safeParse(text);
    values[key] = parsed?.data ?? null;
    if (parsed?.success !== false) return;
    // A default is right by itself: what is wrong with it is wrong with the option that it names, and was told there.
    if (ownText(option, environment) === "" && problems.length > 0) return;
    problems.push(...parsed.error.issues.map(({ message }) => `${option.name} ${message}`));
  };
  for (const [key, option] of Object.entries<AnyOption>(options)) readOne(key, option);
  if (problems.length > 0) return { ok: false, problems };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each key's parser has, by `Options`, the key's type
  return { ok: true, values: values as Values };
};

const shownDefault = (option: AnyOption): string =>
  option.default === null || option.default === "" ? "unset" : option.default;

/** The options as a Markdown table, its columns aligned as the formatter aligns them. */
export const optionsTable = (options: AnyOptions): string => {
  const rows = [
    ["Option", "Default", "Meaning"],
    ...Object.values(options).map((option) => {
      const shown = shownDefault(option);
      return [`\`${option.name}\``, shown === "unset" ? shown : `\`${shown}\``, option.doc];
    }),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const ruler = widths.map((width) => "-".repeat(width));
  const line = (cells: string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return rows.flatMap((row, index) => (index === 0 ? [line(row), line(ruler)] : [line(row)])).join("\n");
};

/** The options as plain text, for `--help`. */
export const optionsHelp = (options: AnyOptions): string =>
  Object.values(options)
    .map((option) => `  ${option.name}\n      ${option.doc.replaceAll("`", "")}. Default: ${shownDefault(option)}.`)
    .join("\n");
