import { type Import, type Module, nameOf, type Node, textOf } from "./module.ts";

/** Something that only one place may do, so that it is done well there, and tests can take it away. */
type Power = {
  what: string;
  only: RegExp;
  /** Modules that give it. A type that is imported gives nothing. */
  modules?: RegExp;
  /** Names that give it: of those modules, or whatever module they are imported from. */
  names?: RegExp;
  /** Names that give it without an import, wherever they are said. */
  globals?: RegExp;
  /** Expressions that give it, as `object.property`, `call()` or `new Class(arguments)`. */
  expressions?: RegExp;
};

/** Modules of Node that open no sockets, and packages. Whatever is not listed may: somebody has to look first. */
const withoutSockets: readonly string[] = (
  "node:async_hooks node:buffer node:child_process node:cluster node:crypto node:events node:fs node:fs/promises " +
  "node:os node:path node:path/posix node:process node:sqlite node:stream node:stream/consumers node:timers " +
  "node:timers/promises node:tty node:url node:util node:vm node:worker_threads node:zlib jsonata kysely pino " +
  "prom-client zod"
).split(" ");

export const powers: readonly Power[] = [
  {
    what: "sockets",
    // better-auth could open some, to sign in with other services: it is given no occasion.
    only: /^src\/(outbound\/|db\/postgres\/|accounts\/_better-auth\.ts$|api\/(server|control-socket|_web-socket)\.ts$|cli\/_client\.ts$)/,
    modules: new RegExp(`^(?!(src|test)/|(${withoutSockets.join("|")})$)`),
    globals: /^(fetch|WebSocket|WebSocketStream|EventSource|XMLHttpRequest|RTCPeerConnection|WebTransport)$/,
  },
  // Of what opens sockets, the names that open none: everything else connects to somewhere.
  {
    what: "sockets",
    only: /^src\/(outbound\/_(dial|handshake|pools)\.ts|cli\/_client\.ts)$/,
    modules: /^(undici|node:(net|tls|http|https|http2|dgram|quic))$/,
    names: /^(?!(createServer|createSecureContext|isIP|errors|getGlobalDispatcher|setGlobalDispatcher)$)/,
  },
  // It listens on no port by itself, and is told so; what connects outward is another class of it.
  {
    what: "sockets",
    only: /^src\/api\/_web-socket\.ts$/,
    modules: /^ws$/,
  },
  { what: "sockets", only: /^$/, modules: /^ws$/, names: /^(?!WebSocketServer$)/ },
  { what: "sockets", only: /^src\/outbound\/_name-query\.ts$/, modules: /^node:dns(\/promises)?$/ },
  {
    what: "sockets",
    only: /^$/,
    names: /^(Pushgateway|createRequire|getBuiltinModule|binding)$/,
    // `globalThis` has everything under names that can be put together.
    globals: /^(globalThis|global|require|eval|Function|Pushgateway|getBuiltinModule)$/,
    expressions: /^(process\.(getBuiltinModule|binding|_linkedBinding|dlopen|mainModule)|new \w+\.Pushgateway\(.*)$/,
  },
  {
    what: "sockets",
    only: /^src\/providers\/catalog\.ts$/,
    expressions: /^import\(\?\)$/,
  },
  {
    what: "threads",
    only: /^src\/(db\/|transforms\/_(child|watch)\.ts$|accounts\/(hasher|_hash-thread)\.ts$)/,
    modules: /^node:(worker_threads|cluster)$/,
  },
  { what: "processes", only: /^src\/transforms\/_process\.ts$/, modules: /^node:child_process$/ },
  { what: "programs made of text", only: /^src\/transforms\/_language\.ts$/, modules: /^node:vm$/ },
  { what: "SQLite", only: /^src\/db\/sqlite\//, modules: /^node:sqlite$/ },
  { what: "PostgreSQL", only: /^src\/db\/postgres\/_(cancel|connect|failure)\.ts$/, modules: /^pg$/ },
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

/** Nodes that only name a part of something: `fetch` in `cache.fetch` and in `{ fetch: 1 }`. */
const partNamedBy: Readonly<Record<string, string>> = {
  MemberExpression: "property",
  Property: "key",
  PropertyDefinition: "key",
  MethodDefinition: "key",
  TSPropertySignature: "key",
  TSMethodSignature: "key",
};

/** Every identifier that stands for a value of this file, or a global one. */
const saidNames = (nodes: readonly Node[]): string[] => {
  const keys = new Set<unknown>();
  for (const node of nodes) {
    const key = partNamedBy[node.type];
    if (key !== undefined && node["computed"] !== true) keys.add(node[key]);
  }
  // `{ fetch }` says the name twice: as a key, and as the value.
  const values = new Set(nodes.filter(({ type }) => type === "Property").map(({ value }) => value));
  return nodes
    .filter((node) => node.type === "Identifier" && (!keys.has(node) || values.has(node)))
    .map((node) => String(node["name"]));
};

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
    case "ImportExpression":
      return textOf(node["source"], "") === undefined ? "import(?)" : undefined;
    case "NewExpression":
      return `new ${full(callee)}(${(node["arguments"] as Node[]).map(({ type }) => type).join(", ")})`;
    default:
      return undefined;
  }
};

const gives = ({ modules, names }: Power, { to, names: imported }: Import): boolean => {
  const isNamed = names === undefined || imported.some((name) => names.test(name));
  return (modules !== undefined || names !== undefined) && (modules?.test(to) ?? true) && isNamed;
};

/** The files that use a power, and what it is, wherever it belongs. */
export const powerUses = (modules: readonly Module[]): { path: string; power: Power }[] =>
  modules.flatMap(({ path, imports, nodes }) => {
    const expressions = nodes.map(written).filter((text) => text !== undefined);
    const said = saidNames(nodes);
    const real = imports.filter(({ isTypeOnly }) => !isTypeOnly);
    return powers
      .filter(
        (power) =>
          real.some((found) => gives(power, found)) ||
          said.some((name) => power.globals?.test(name)) ||
          expressions.some((text) => power.expressions?.test(text)),
      )
      .map((power) => ({ path, power }));
  });

/** Powers that are used where they do not belong. */
export const strayPowers = (modules: readonly Module[]): string[] => {
  const strays = powerUses(modules).filter(({ path, power }) => !power.only.test(path));
  return [...new Set(strays.map(({ path, power }) => `${path} uses ${power.what}`))];
};
