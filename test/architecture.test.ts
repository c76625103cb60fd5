import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { strayMentions } from "./support/borders/mentions.ts";
import { readModule, type SourceFile } from "./support/borders/module.ts";
import { powerUses, strayPowers } from "./support/borders/powers.ts";
import {
  barrels,
  defaultExports,
  importCircles,
  leakedPrivates,
  mixedDialects,
  rooms,
  strayImports,
  unknownRooms,
  vagueNames,
} from "./support/borders/rooms.ts";
import { oversizes } from "./support/borders/sizes.ts";
import { ownerlessTables, ownersOf, trespasses } from "./support/borders/tables.ts";

const read = (path: string): SourceFile => ({ path, text: readFileSync(path, "utf8") });

const isMigration = ({ path }: SourceFile): boolean => path.startsWith("src/db/migrations/");

const files = globSync("src/**/*.ts").toSorted().map(read);
const modules = files.map(readModule);
const migrations = files.filter(isMigration);
const others = modules.filter((module) => !isMigration(module));

describe("the tree keeps the rule that", () => {
  test("every file is in a known room", () => expect(unknownRooms(modules)).toEqual([]));
  test("a room imports only the rooms listed for it", () => expect(strayImports(modules)).toEqual([]));
  test("a file whose name starts with _ stays inside its folder", () => expect(leakedPrivates(modules)).toEqual([]));
  test("the dialects of the API do not know each other", () => expect(mixedDialects(modules)).toEqual([]));
  test("nothing imports itself in a circle", () => expect(importCircles(modules)).toEqual([]));
  test("a name has one home: no barrels", () => expect(barrels(modules)).toEqual([]));
  test("every export has a name", () => expect(defaultExports(modules)).toEqual([]));
  test("a file's name says what is inside", () => expect(vagueNames(modules)).toEqual([]));
  test("a power is used in its one place", () => expect(strayPowers(modules)).toEqual([]));
  test("what could open connections is the guard's own, the command line's to the gateway, the store's to its database, and a library that is given no occasion", () => {
    const sockets = powerUses(modules).filter(({ power }) => power.what === "sockets");
    const outward = sockets.filter(({ path }) => !/^src\/(api|providers)\//.test(path)).map(({ path }) => path);
    expect([...new Set(outward)]).toEqual([
      "src/accounts/_better-auth.ts",
      "src/cli/_client.ts",
      "src/db/postgres/_cancel.ts",
      "src/db/postgres/_connect.ts",
      "src/db/postgres/_failure.ts",
      "src/outbound/_dial.ts",
      "src/outbound/_failure.ts",
      "src/outbound/_handshake.ts",
      "src/outbound/_name-query.ts",
      "src/outbound/_pools.ts",
      "src/outbound/outbound.ts",
    ]);
  });
  test("files are small", () => expect(oversizes(files)).toEqual([]));
  test("every table has an owner", () => expect(ownerlessTables(migrations)).toEqual([]));
  test("a table is written by its owner and read by whom it names", () => {
    const owners = ownersOf(migrations);
    expect(owners.size).toBeGreaterThan(0);
    expect([...owners.values()].flatMap(({ owner, readers }) => [owner, ...readers])).toSatisfy((named: string[]) =>
      named.every((room) => room in rooms),
    );
    expect(trespasses(others, owners)).toEqual([]);
  });
  test("no file speaks of what its reader cannot see", () => {
    const tracked = execFileSync("git", ["ls-files", "-z"], { encoding: "utf8" }).split("\0").filter(Boolean);
    expect(tracked).toContain("package.json");
    const existing = tracked.filter((path) => existsSync(path));
    expect(strayMentions(existing.map(read))).toEqual([]);
  });
});

type Planted = [what: string, path: string, text: string, found: string[]];

const plant = (...sources: [path: string, text: string][]) => sources.map(([path, text]) => readModule({ path, text }));

describe("a planted violation is found:", () => {
  test("a room that nobody planned", () => {
    expect(unknownRooms(plant(["src/extras/thing.ts", ""], ["src/lib/ids.ts", ""]))).toEqual(["src/extras/thing.ts"]);
  });

  test.for<Planted>([
    ["up", "src/lib/a.ts", 'import { b } from "../events/b.ts";', ["src/lib/a.ts -> src/events/b.ts"]],
    ["sideways", "src/queue/a.ts", 'import { b } from "../events/b.ts";', ["src/queue/a.ts -> src/events/b.ts"]],
    ["as a type", "src/db/a.ts", 'import type { B } from "../queue/b.ts";', ["src/db/a.ts -> src/queue/b.ts"]],
    ["as a type in place", "src/db/a.ts", 'type B = import("../queue/b.ts").B;', ["src/db/a.ts -> src/queue/b.ts"]],
    ["when called", "src/db/a.ts", 'await import("../queue/b.ts");', ["src/db/a.ts -> src/queue/b.ts"]],
    ["by handing on", "src/db/a.ts", 'export * from "../queue/b.ts";', ["src/db/a.ts -> src/queue/b.ts"]],
    ["over several lines", "src/db/a.ts", 'import {\n  b,\n} from "../queue/b.ts";', ["src/db/a.ts -> src/queue/b.ts"]],
    ["the tests", "src/db/a.ts", 'import { b } from "../../test/b.ts";', ["src/db/a.ts -> test/b.ts"]],
    [
      "SQL in the API",
      "src/api/krafter/a.ts",
      'import { b } from "../../db/b.ts";',
      ["src/api/krafter/a.ts -> src/db/b.ts"],
    ],
    ["the store in main", "src/main.ts", 'import { b } from "./db/b.ts";', ["src/main.ts -> src/db/b.ts"]],
    [
      "nothing wrong",
      "src/queue/a.ts",
      'import { b } from "../db/b.ts"; import { c } from "./c.ts"; import "zod";',
      [],
    ],
    ["nothing at all, in a text", "src/lib/a.ts", "export const a = 'import { b } from \"../events/b.ts\";';", []],
  ])("an import that goes %s", ([, path, text, found]) => expect(strayImports(plant([path, text]))).toEqual(found));

  test.for<Planted>([
    ["of another room", "src/queue/a.ts", 'import { b } from "../db/_b.ts";', ["src/queue/a.ts -> src/db/_b.ts"]],
    [
      "of a folder inside",
      "src/db/a.ts",
      'import { b } from "./sqlite/_b.ts";',
      ["src/db/a.ts -> src/db/sqlite/_b.ts"],
    ],
    ["of its own folder", "src/db/a.ts", 'import { b } from "./_b.ts";', []],
  ])("a private file %s", ([, path, text, found]) => expect(leakedPrivates(plant([path, text]))).toEqual(found));

  test.for<Planted>([
    [
      "another dialect",
      "src/api/krafter/a.ts",
      'import type { B } from "../hookstream/b.ts";',
      ["src/api/krafter/a.ts -> src/api/hookstream/b.ts"],
    ],
    ["what all dialects share", "src/api/krafter/a.ts", 'import { b } from "../route.ts";', []],
  ])("a dialect that imports %s", ([, path, text, found]) => expect(mixedDialects(plant([path, text]))).toEqual(found));

  test("files in a circle, and rooms in one", () => {
    const circle = plant(
      ["src/queue/a.ts", 'import { b } from "./b.ts";'],
      ["src/queue/b.ts", 'import { c } from "./c.ts";'],
      ["src/queue/c.ts", 'import { a } from "./a.ts";'],
    );
    expect(importCircles(circle)).toEqual(["src/queue/a.ts -> src/queue/b.ts -> src/queue/c.ts -> src/queue/a.ts"]);

    const ofRooms = plant(
      ["src/queue/a.ts", 'import type { B } from "../events/b.ts";'],
      ["src/events/b.ts", 'import type { C } from "../queue/c.ts";'],
    );
    expect(importCircles(ofRooms)).toEqual(["events -> queue -> events"]);

    const types = plant(
      ["src/queue/a.ts", 'import type { B } from "./b.ts";'],
      ["src/queue/b.ts", 'import { a } from "./a.ts";'],
    );
    expect(importCircles(types)).toEqual([]);
  });

  test.for<Planted>([
    ["hands on everything", "src/db/a.ts", 'export * from "./b.ts";', ["src/db/a.ts re-exports src/db/b.ts"]],
    ["hands on a name", "src/db/a.ts", 'export { b } from "./b.ts";', ["src/db/a.ts re-exports src/db/b.ts"]],
    ["hands on a type", "src/db/a.ts", 'export type { B } from "./b.ts";', ["src/db/a.ts re-exports src/db/b.ts"]],
    ["is an index", "src/db/index.ts", "export const a = 1;", ["src/db/index.ts is an index"]],
    ["exports its own", "src/db/a.ts", "const a = 1; export { a };", []],
  ])("a barrel: a file that %s", ([, path, text, found]) => expect(barrels(plant([path, text]))).toEqual(found));

  test.for([
    ["export default 1;", true],
    ["const a = 1; export { a as default };", true],
    ["export const fallback = { default: 1 };", false],
  ] as const)("a default export: %s is one: %s", ([text, isOne]) => {
    expect(defaultExports(plant(["src/lib/a.ts", text]))).toEqual(isOne ? ["src/lib/a.ts"] : []);
  });

  test.for([
    ["src/lib/utils.ts", true],
    ["src/lib/_helpers.ts", true],
    ["src/common/a.ts", true],
    ["src/db/string-utils.ts", true],
    ["src/lib/ids.ts", false],
  ] as const)("a name that says nothing: %s is one: %s", ([path, isOne]) => {
    expect(vagueNames(plant([path, ""]))).toEqual(isOne ? [path] : []);
  });

  test.for<[text: string, what: string | null, path?: string]>([
    ['import { request } from "undici";', "sockets"],
    ['import { connect } from "node:net";', "sockets"],
    ['import { type Socket, connect } from "node:tls";', "sockets"],
    ['import http from "node:http";', "sockets"],
    ['const dns = await import("node:dns/promises");', "sockets"],
    ["const answer = await fetch(url);", "sockets"],
    ["const answer = await globalThis.fetch(url);", "sockets"],
    ["const socket = new WebSocket(url);", "sockets"],
    ['import { createServer } from "node:http";', "sockets", "src/api/ingest.ts"],
    ['import { createServer } from "node:http";', null, "src/api/server.ts"],
    ['import { request } from "undici";', "sockets", "src/outbound/send.ts"],
    ['import { Agent } from "undici";', null, "src/outbound/_pools.ts"],
    ['import { setGlobalDispatcher, type Agent } from "undici";', null, "src/outbound/outbound.ts"],
    ['import * as undici from "undici";', "sockets", "src/outbound/outbound.ts"],
    ['const { Client } = await import("undici");', "sockets", "src/outbound/outbound.ts"],
    ['import { request } from "node:http";', "sockets", "src/api/server.ts"],
    ['import { resolve4 } from "node:dns/promises";', "sockets", "src/outbound/guard.ts"],
    ['import { lookup } from "node:dns";', "sockets"],
    ['import { createSocket } from "node:dgram";', "sockets"],
    ['import { get } from "node:https";', "sockets"],
    ['import { connect } from "node:http2";', "sockets"],
    ['import { connect } from "net";', "sockets"],
    ['import "some-package-that-nobody-knows";', "sockets"],
    ['import { Client } from "undici/lib/dispatcher/client.js";', "sockets"],
    ['export { request } from "node:http";', "sockets"],
    ['import { createRequire } from "node:module";', "sockets"],
    ['const { connect } = require("node:net");', "sockets"],
    ['const { connect } = process.getBuiltinModule("node:net");', "sockets"],
    ["const { getBuiltinModule } = process;", "sockets"],
    ['const tcp = process.binding("tcp_wrap");', "sockets"],
    ['const { connect } = await import("node:" + name);', "sockets"],
    ["const { connect } = await import(name);", "sockets"],
    ["const preset = await import(url.href);", null, "src/providers/catalog.ts"],
    ["const { connect } = await import(`node:net`);", "sockets"],
    ['import { Pushgateway } from "prom-client";', "sockets"],
    ['import * as metrics from "prom-client"; const gateway = new metrics.Pushgateway(url);', "sockets"],
    ['import { Counter } from "prom-client";', null],
    ["const send = fetch; await send(url);", "sockets"],
    ["const { fetch: send } = globalThis;", "sockets"],
    ['const send = globalThis["fet" + "ch"];', "sockets"],
    ["await retry(fetch, url);", "sockets"],
    ["const sender = { fetch };", "sockets"],
    ["const source = new EventSource(url);", "sockets"],
    ['const send = new Function("url", "return fetch(url)");', "sockets"],
    ['await eval("fetch(url)");', "sockets"],
    ["const reader = { fetch: 1, WebSocket: 2 }; reader.fetch = reader.WebSocket;", null],
    ["class Cache { fetch() { return this.#fetch; } #fetch = 1; }", null],
    ['import type { Agent } from "undici";', null],
    ['import { request } from "undici";', null, "src/cli/_client.ts"],
    ['import { request } from "undici";', "sockets", "src/cli/serve.ts"],
    ['import type { IncomingMessage } from "node:http";', null],
    ['import { type IncomingMessage } from "node:http";', null],
    ["const found = cache.fetch(key);", null],
    ['import { Worker } from "node:worker_threads";', "threads"],
    ['import { Worker } from "node:worker_threads";', null, "src/db/sqlite/thread.ts"],
    ['import { spawn } from "node:child_process";', "processes"],
    ['import { DatabaseSync } from "node:sqlite";', "SQLite"],
    ["const now = Date.now();", "the time of day"],
    ["const now = new Date();", "the time of day"],
    ["const read = Date.now;", "the time of day"],
    ["const now = performance.now();", "the time of day"],
    ["const now = Date.now();", null, "src/lib/clock.ts"],
    ["const then = new Date(ms);", null],
    ["setTimeout(run, 10);", "timers"],
    ['import { setTimeout } from "node:timers/promises";', "timers"],
    ["const jitter = Math.random();", "chance"],
    ['import { randomUUID } from "node:crypto";', "chance"],
    ['import { randomBytes as bytes } from "node:crypto";', "chance"],
    ["const id = crypto.randomUUID();", "chance"],
    ['import { randomFillSync } from "node:crypto";', null, "src/lib/random.ts"],
    ["const level = process.env.LOG_LEVEL;", "the environment"],
    ['import { env } from "node:process";', "the environment"],
    ["const level = process.env.LOG_LEVEL;", null, "src/main.ts"],
    ["// Date.now() is read here\nconst text = 'fetch(url)';", null],
  ])("a power: %s uses %s", ([text, what, path = "src/queue/a.ts"]) => {
    expect(strayPowers(plant([path, text]))).toEqual(what === null ? [] : [`${path} uses ${what}`]);
  });

  test("a file of more than 400 lines, and files that are long on the whole", () => {
    const file = (lines: number): SourceFile => ({ path: `src/lib/${lines}.ts`, text: "\n".repeat(lines) });
    expect(oversizes([...Array.from({ length: 20 }, () => file(20)), file(401)])).toEqual([
      "src/lib/401.ts has 401 lines, more than 400",
    ]);
    expect(oversizes([file(81), file(82), file(83)])).toEqual(["the median file has 82 lines, more than 80"]);
    expect(oversizes([...Array.from({ length: 8 }, () => file(20)), file(201), file(201)])).toEqual([
      "the 90th percentile has 201 lines, more than 200",
    ]);
    expect(oversizes([...Array.from({ length: 9 }, () => file(80)), file(200), file(400)])).toEqual([]);
  });
});

describe("a planted trespass is found:", () => {
  const migration: SourceFile = {
    path: "src/db/migrations/1.ts",
    text: `
      create table jobs ( -- owner: queue; read by: events, insight
        id integer primary key
      );
      create table if not exists "tags" ( -- owner: routing
      create table notes ( -- whose is it?
      create table plain (id integer)`,
  };
  const owners = ownersOf([migration]);

  test("owners and readers are read from the line that creates the table", () => {
    expect([...owners]).toEqual([
      ["jobs", { owner: "queue", readers: ["events", "insight"] }],
      ["tags", { owner: "routing", readers: [] }],
    ]);
    expect(ownerlessTables([migration])).toEqual([
      "src/db/migrations/1.ts creates notes without an owner",
      "src/db/migrations/1.ts creates plain without an owner",
    ]);
  });

  const reading = "src/access/a.ts reads jobs, which belongs to queue";
  const writing = "src/access/a.ts writes jobs, which belongs to queue";

  test.for<[text: string, found: string[]]>([
    ['db.selectFrom("jobs").selectAll()', [reading]],
    ['db.selectFrom("jobs as j").selectAll()', [reading]],
    ['db.selectFrom("main.jobs").selectAll()', [reading]],
    ['db.selectFrom(["own", "jobs as j"]).selectAll()', [reading]],
    ['db.selectFrom("own").innerJoin("jobs", "jobs.id", "own.id")', [reading]],
    ['db.selectFrom("own").leftJoin("jobs as j", (join) => join.onTrue())', [reading]],
    ['db.selectFrom("own").crossJoin("jobs")', [reading]],
    ['db.selectFrom("own").where(({ selectFrom }) => selectFrom("jobs").select("id"))', [reading]],
    ['db.updateTable("own").from("jobs").set({ a: 1 })', [reading]],
    ['db.deleteFrom("own").using("jobs")', [reading]],
    ["db.selectFrom(`jobs`)", [reading]],
    ['db.insertInto("jobs").values(row)', [writing]],
    ['db.replaceInto("jobs").values(row)', [writing]],
    ['db.updateTable("jobs").set({ a: 1 })', [writing]],
    ['db.updateTable(["own", "jobs as j"]).set({ a: 1 })', [writing]],
    ['db.deleteFrom("jobs").where("id", "=", 1)', [writing]],
    ['db.mergeInto("jobs as j").using("own", "own.id", "j.id")', [writing]],
    ['db.deleteFrom(isOld ? "jobs" : "own")', [writing]],
    ['const table = "jobs"; db.deleteFrom(table);', [writing]],
    ['for (const table of ["own", "jobs"] as const) db.selectFrom(table);', [reading]],
    ['insertStatement({ table: "jobs", columns: { id: "bytes" } })', [writing]],
    ['updateStatement({ table: "jobs" as const, match: { id: "bytes" }, set: {} })', [writing]],
    ['rawStatement("select id from jobs where id = ?", { returns: true })', [reading]],
    ["rawStatement(`select own.id from own, jobs j where own.id = j.id`, { returns: true })", [reading]],
    ["rawStatement(`select id from own\n  join jobs on jobs.id = own.id`, { returns: true })", [reading]],
    ["sql`insert into jobs (id) values (${id})`", [writing]],
    ['sql`UPDATE "jobs" SET a = ${a}`', [writing]],
    ["sql`delete from jobs where id = ${id}`", [writing, reading]],
    ["sql`update own set n = (select count(*) from jobs where jobs.own = own.id)`", [reading]],
    ['const name = "jobs"; sql`update ${sql.ref(name)} set a = 1`', [writing]],
    ['sql`select 1 from ${sql.table("jobs")}`', [writing, reading]],
    ['const update = { compute: { n: "(select max(id) from jobs)" } };', [reading]],
    ['db.selectFrom("own").selectAll()', []],
    ['throw new Error("nothing is left to update: jobs from jobs");', []],
    ["// selectFrom('jobs')", []],
    ['const bytes = Buffer.from("jobs"); const label = { jobs: 1, kind: "jobs" };', []],
    ['const rows = db.selectFrom(db.selectFrom("own").as("some"));', []],
  ])("%s", ([text, found]) => {
    expect(trespasses(plant(["src/access/a.ts", text]), owners).toSorted()).toEqual(found.toSorted());
  });

  test("the owner may do both; a reader may read, not write", () => {
    const both = 'db.selectFrom("jobs"); db.deleteFrom("jobs");';
    expect(trespasses(plant(["src/queue/a.ts", both]), owners)).toEqual([]);
    expect(trespasses(plant(["src/insight/a.ts", both]), owners)).toEqual([
      "src/insight/a.ts writes jobs, which belongs to queue",
    ]);
    expect(trespasses(plant(["src/db/a.ts", both]), owners)).toHaveLength(2);
  });
});

test.for([
  [["see /", "work/main/notes"].join(""), "a path of one machine"],
  [["as /", "root/notes says"].join(""), "a path of one machine"],
  [["in sha", "red/spec"].join(""), "a folder outside the repository"],
  [["https://regis", "try.example.com/a"].join(""), "a package registry"],
  [["fixes iss", "ue #12"].join(""), "a conversation"],
  ["GET /v1/workers and src/work.ts", null],
  ["svix-webhooks#1844", null],
] as const)("the text %j mentions %s", ([text, what]) => {
  const found = strayMentions([{ path: "README.md", text: `# Title\n${text}\n` }]);
  expect(found).toEqual(what === null ? [] : [`README.md:2 mentions ${what}`]);
});
