import { basename, dirname } from "node:path/posix";

import type { Import, Module } from "./module.ts";

const base = ["lib", "observe", "db"];
const parts = [
  "providers",
  "schemas",
  "signing",
  "queue",
  "access",
  "accounts",
  "secrets",
  "events",
  "routing",
  "insight",
  "live",
];
const useCases = ["ingest", "delivery", "replay", "push", "transforms"];

/** Every room of src/, and the rooms it may import. Whatever is not listed is forbidden. */
export const rooms: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  config: ["lib"],
  observe: ["lib"],
  db: ["lib", "observe"],
  outbound: ["lib", "observe"],
  signing: ["lib"],
  providers: ["lib"],
  schemas: ["lib"],
  secrets: base,
  queue: base,
  transforms: base,
  access: base,
  accounts: [...base, "access"],
  events: base,
  routing: [...base, "events", "providers", "schemas"],
  insight: [...base, "events", "routing", "queue"],
  live: [...base, "events", "queue"],
  ingest: [...base, "providers", "schemas", "events", "routing", "queue", "outbound"],
  delivery: [...base, "events", "routing", "queue", "outbound", "signing", "providers", "transforms"],
  replay: [...base, "events", "routing", "queue", "providers"],
  push: [...base, "events", "routing", "queue", "outbound", "signing"],
  retention: [...base, "events", "routing", "queue", "ingest", "delivery", "replay"],
  api: ["lib", "observe", ...parts, ...useCases],
  app: ["config", "api", "outbound", "retention", ...base, ...parts, ...useCases],
  cli: ["lib", "config", "app"],
  main: ["lib", "config", "observe", "cli"],
};

/** `events` of `src/events/append.ts`, `app` of `src/app.ts`. */
export const roomOf = (path: string): string => path.split("/")[1]!.replace(/\.ts$/, "");

type Edge = Import & { from: string };

const edges = (modules: readonly Module[]): Edge[] =>
  modules.flatMap(({ path, imports }) =>
    imports.filter(({ isRelative }) => isRelative).map((found) => ({ from: path, ...found })),
  );

const arrow = ({ from, to }: { from: string; to: string }): string => `${from} -> ${to}`;

/** Imports that cross a border which the table does not open. Types count: to know is to depend. */
export const strayImports = (modules: readonly Module[]): string[] =>
  edges(modules)
    .filter(({ from, to }) => {
      const [here, there] = [roomOf(from), to.startsWith("src/") ? roomOf(to) : to];
      return here !== there && !rooms[here]?.includes(there);
    })
    .map(arrow);

/** Files in no room of the table. */
export const unknownRooms = (modules: readonly Module[]): string[] =>
  modules.map(({ path }) => path).filter((path) => rooms[roomOf(path)] === undefined);

/** `_name.ts` is known inside its folder only. */
export const leakedPrivates = (modules: readonly Module[]): string[] =>
  edges(modules)
    .filter(({ from, to }) => basename(to).startsWith("_") && dirname(from) !== dirname(to))
    .map(arrow);

const dialectOf = (path: string): string | undefined => /^src\/api\/(\w+)\//.exec(path)?.[1];

/** The API's dialects do not know each other. */
export const mixedDialects = (modules: readonly Module[]): string[] =>
  edges(modules)
    .filter(({ from, to }) => {
      const [here, there] = [dialectOf(from), dialectOf(to)];
      return here !== undefined && there !== undefined && here !== there;
    })
    .map(arrow);

/** Circles in a graph of names, each told once, from its least name on. */
const circles = (targets: ReadonlyMap<string, ReadonlySet<string>>): string[] => {
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (name: string, trail: string[]): void => {
    const at = trail.indexOf(name);
    if (at >= 0) {
      const circle = trail.slice(at);
      const least = circle.indexOf(circle.toSorted()[0]!);
      found.add([...circle.slice(least), ...circle.slice(0, least), circle[least]!].join(" -> "));
      return;
    }
    if (done.has(name)) return;
    for (const next of targets.get(name) ?? []) visit(next, [...trail, name]);
    done.add(name);
  };
  for (const name of targets.keys()) visit(name, []);
  return [...found];
};

const graph = (pairs: Iterable<{ from: string; to: string }>): Map<string, Set<string>> => {
  const targets = new Map<string, Set<string>>();
  for (const { from, to } of pairs) targets.set(from, (targets.get(from) ?? new Set()).add(to));
  return targets;
};

/** Files that import each other in a circle at run time, and rooms that do so in any way. */
export const importCircles = (modules: readonly Module[]): string[] => {
  const all = edges(modules);
  const ofRooms = all.map(({ from, to }) => ({ from: roomOf(from), to: roomOf(to) }));
  return [
    ...circles(graph(all.filter(({ isTypeOnly }) => !isTypeOnly))),
    ...circles(graph(ofRooms.filter(({ from, to }) => from !== to))),
  ];
};

/** Files that hand on what others export: a name has one home. */
export const barrels = (modules: readonly Module[]): string[] =>
  modules.flatMap(({ path, imports }) => [
    ...(basename(path) === "index.ts" ? [`${path} is an index`] : []),
    ...imports.filter(({ isReExport }) => isReExport).map(({ to }) => `${path} re-exports ${to}`),
  ]);

/** Files that export something without a name. */
export const defaultExports = (modules: readonly Module[]): string[] =>
  modules
    .filter(({ nodes }) =>
      nodes.some(
        ({ type, specifiers }) =>
          type === "ExportDefaultDeclaration" ||
          (Array.isArray(specifiers) && specifiers.some(({ exported }) => exported?.name === "default")),
      ),
    )
    .map(({ path }) => path);

const vagueName = /^_?(utils?|helpers?|managers?|common|misc|shared|index)$|[-_](utils?|helpers?|manager|misc)$/;

/** Files and folders whose name says nothing of what is inside. */
export const vagueNames = (modules: readonly Module[]): string[] =>
  modules
    .map(({ path }) => path)
    .filter((path) => path.split("/").some((name) => vagueName.test(name.replace(/\.ts$/, ""))));
