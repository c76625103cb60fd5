import { type Module, nameOf, type Node } from "./module.ts";

/** Something that only one place may do, so that it is done well there, and tests can take it away. */
type Power = {
  what: string;
  only: RegExp;
  /** Modules that give it. A type that is imported gives nothing. */
  modules?: RegExp;
  /** Names that give it, whatever module they are imported from. */
  names?: RegExp;
  /** Expressions that give it, as `object.property`, `call()` or `new Class(arguments)`. */
  expressions?: RegExp;
};

export const powers: readonly Power[] = [
  {
    what: "sockets",
    only: /^src\/(outbound\/|api\/server\.ts$|cli\/_client\.ts$)/,
    modules: /^(undici|ws|web-push|nodemailer|node:(net|tls|dns|dns\/promises|dgram|http|https|http2))$/,
    expressions: /^(globalThis\.)?(fetch\(\)|new (WebSocket|EventSource)\(.*\))$/,
  },
  { what: "threads", only: /^src\/db\//, modules: /^node:(worker_threads|cluster)$/ },
  { what: "processes", only: /^$/, modules: /^node:child_process$/ },
  { what: "SQLite", only: /^src\/db\//, modules: /^(node:sqlite|pg)$/ },
  {
    what: "the time of day",
    only: /^src\/lib\/clock\.ts$/,
    expressions: /^(Date\.now|performance\.now|process\.hrtime|new Date\(\)|Date\(\))$/,
  },
  {
    what: "timers",
    only: /^src\/lib\/clock\.ts$/,
    modules: /^node:timers/,
    expressions: /^(globalThis\.)?set(Timeout|Interval)\(\)$/,
  },
  {
    what: "chance",
    only: /^src\/lib\/random\.ts$/,
    names: /^(random(UUID|Bytes|Int|Fill|FillSync)|getRandomValues)$/,
    expressions: /^(Math\.random|crypto\.(random\w+|getRandomValues))$/,
  },
  { what: "the environment", only: /^src\/(config|main)\.ts$/, names: /^env$/, expressions: /^process\.env$/ },
];

/** How an expression is written in `Power.expressions`; nothing for other nodes. */
const written = (node: Node): string | undefined => {
  const callee = node["callee"] as Node | undefined;
  const full = (expression: Node | undefined): string | undefined => {
    if (expression?.type !== "MemberExpression") return nameOf(expression);
    return `${nameOf(expression["object"])}.${nameOf(expression)}`;
  };
  switch (node.type) {
    case "MemberExpression":
      return full(node);
    case "CallExpression":
      return `${full(callee)}()`;
    case "NewExpression":
      return `new ${full(callee)}(${(node["arguments"] as Node[]).map(({ type }) => type).join(", ")})`;
    default:
      return undefined;
  }
};

/** Powers that are used where they do not belong. */
export const strayPowers = (modules: readonly Module[]): string[] =>
  modules.flatMap(({ path, imports, nodes }) => {
    const expressions = nodes.map(written).filter((text) => text !== undefined);
    const real = imports.filter(({ isTypeOnly }) => !isTypeOnly);
    return powers
      .filter(
        (power) =>
          !power.only.test(path) &&
          (real.some(({ to, names }) => power.modules?.test(to) ?? names.some((name) => power.names?.test(name))) ||
            expressions.some((text) => power.expressions?.test(text))),
      )
      .map(({ what }) => `${path} uses ${what}`);
  });
