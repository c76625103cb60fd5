import { dirname, join } from "node:path/posix";

import { parseAst } from "vitest/node";

/** A file as the rules see it. Paths are relative to the repository, with forward slashes. */
export type SourceFile = { path: string; text: string };

/** A node of the syntax tree. */
export type Node = { type: string; [key: string]: unknown };

/** One `import`, `export … from` or `import()`. */
export type Import = {
  /** A path of the repository for relative imports, else the package or `node:` module. */
  to: string;
  isRelative: boolean;
  /** Nothing of it is left at run time. */
  isTypeOnly: boolean;
  isReExport: boolean;
  /** The names imported that are there at run time, as the other module calls them; `*` for all. */
  names: string[];
};

/** A file, read. */
export type Module = SourceFile & { nodes: Node[]; imports: Import[] };

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

/** The node and all below it, parents first. */
export const flatten = (root: Node): Node[] => {
  const nodes: Node[] = [];
  const visit = (value: unknown): void => {
    if (isNode(value)) nodes.push(value);
    if (typeof value !== "object" || value === null) return;
    for (const child of Object.values(value)) visit(child);
  };
  visit(root);
  return nodes;
};

/** The text of a string literal, or of a template with `between` in place of its expressions. */
export const textOf = (node: unknown, between: string): string | undefined => {
  if (!isNode(node)) return undefined;
  if (node.type === "Literal" && typeof node["value"] === "string") return node["value"];
  if (node.type !== "TemplateLiteral") return undefined;
  return (node["quasis"] as { value: { cooked: string } }[]).map(({ value }) => value.cooked).join(between);
};

/** The name that an identifier or a property access ends with: `selectFrom` in `tx.tables().selectFrom`. */
export const nameOf = (node: unknown): string | undefined => {
  if (!isNode(node)) return undefined;
  if (node.type === "Identifier") return String(node["name"]);
  if (node.type === "ChainExpression") return nameOf(node["expression"]);
  return node.type === "MemberExpression" ? nameOf(node["property"]) : textOf(node, "");
};

const specifierNames = (node: Node): { names: string[]; areTypes: boolean } => {
  const specifiers = (node["specifiers"] as Node[] | undefined) ?? [];
  const values = specifiers.filter(({ importKind, exportKind }) => importKind !== "type" && exportKind !== "type");
  return {
    names: values.map((specifier) => nameOf(specifier["imported"] ?? specifier["local"]) ?? "*"),
    areTypes: specifiers.length > 0 && values.length === 0,
  };
};

const readImport = (node: Node, path: string): Import | undefined => {
  const to = textOf(node["source"], "");
  if (to === undefined) return undefined;
  const isReExport = node.type === "ExportAllDeclaration" || node.type === "ExportNamedDeclaration";
  const isTypeOnly = node.type === "TSImportType" || node["importKind"] === "type" || node["exportKind"] === "type";
  const isRelative = to.startsWith(".");
  const { names, areTypes } = specifierNames(node);
  const target = isRelative ? join(dirname(path), to) : to;
  // `import()` and `export *` hand over everything.
  const isWhole = node.type === "ImportExpression" || node.type === "ExportAllDeclaration";
  return { to: target, isRelative, isTypeOnly: isTypeOnly || areTypes, isReExport, names: isWhole ? ["*"] : names };
};

/** Parses one TypeScript file. */
export const readModule = ({ path, text }: SourceFile): Module => {
  // oxlint-disable-next-line typescript/no-deprecated -- the only parser that a dependency of ours hands on
  const nodes = flatten(parseAst(text, { lang: "ts" }) as unknown as Node);
  const imports = nodes.map((node) => readImport(node, path)).filter((found) => found !== undefined);
  return { path, text, nodes, imports };
};
