import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";

import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

import { loadConfig, optionsTable } from "../src/config.ts";
import { startReceiver } from "./support/receiver.ts";

const textOf = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

/** What stands in a Dockerfile, each instruction on one line, stage by stage. */
const stagesOf = (text: string): readonly (readonly (readonly [string, string])[])[] => {
  const stages: (readonly [string, string])[][] = [];
  for (const line of text.replaceAll(/\\\n\s*/g, "").split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, instruction = "", rest = ""] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    expect([line, instruction]).not.toEqual([line, ""]);
    if (instruction === "FROM") stages.push([]);
    stages.at(-1)!.push([instruction, rest]);
  }
  return stages;
};

const service = z.object({
  image: z.string().optional(),
  build: z.string().optional(),
  environment: z.record(z.string(), z.string()).optional(),
  volumes: z.array(z.string()).optional(),
  networks: z.array(z.string()),
  depends_on: z.record(z.string(), z.object({ condition: z.literal("service_healthy") })).optional(),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  stop_grace_period: z.string().optional(),
  ports: z.array(z.string()).optional(),
  restart: z.literal("unless-stopped"),
});

const compose = z
  .object({ services: z.record(z.string(), service), networks: z.record(z.string(), z.unknown()) })
  .parse(parse(textOf("compose.yaml"), { merge: true }));

const stages = stagesOf(textOf("Dockerfile"));
const last = stages.at(-1)!;
const restOf = (instruction: string): readonly string[] =>
  last.filter(([name]) => name === instruction).map(([, rest]) => rest);

test("the image is made in two stages, of the runtime that the checkout pins, and runs as nobody special", () => {
  expect(stages).toHaveLength(2);
  const { devDependencies } = z
    .object({ devDependencies: z.object({ node: z.string() }) })
    .parse(JSON.parse(textOf("package.json")));
  const [major] = devDependencies.node.split(".");
  for (const [[, image]] of stages as [["FROM", string]][]) expect(image).toMatch(new RegExp(`^node:${major}-slim`));
  expect(restOf("USER")).toEqual(["node"]);
  expect(last.findIndex(([name]) => name === "USER")).toBeLessThan(last.findIndex(([name]) => name === "CMD"));
});

test("what the image copies is there, is let through to it, and is all that the gateway needs", () => {
  const ignored = textOf(".dockerignore");
  const copied = stages.flat().filter(([name, rest]) => name === "COPY" && !rest.startsWith("--from"));
  const paths = copied.flatMap(([, rest]) => rest.split(" ").slice(0, -1));
  for (const path of paths) {
    expect([path, existsSync(new URL(`../${path}`, import.meta.url))]).toEqual([path, true]);
    expect(ignored.split("\n")).toContain(`!${path}`);
  }
  expect(paths).toEqual(expect.arrayContaining(["package.json", "package-lock.json", "src"]));
  const [command = "[]"] = restOf("CMD");
  const [program, script, ...rest] = z.array(z.string()).parse(JSON.parse(command));
  expect([program, rest]).toEqual(["node", ["serve"]]);
  expect(existsSync(new URL(`../${script}`, import.meta.url))).toBe(true);
});

test("the health of the image is that of its gateway", async () => {
  const [check = ""] = restOf("HEALTHCHECK");
  const [, command = "[]"] = check.split(" CMD ");
  const [program, option, source = ""] = z.array(z.string()).parse(JSON.parse(command));
  expect([program, option]).toEqual(["node", "-e"]);
  for (const [status, code] of [
    [200, 0],
    [503, 1],
  ] as const) {
    await using receiver = await startReceiver({ status });
    const env = { ...process.env, PORT: new URL(receiver.url).port };
    const child = spawn(process.execPath, ["-e", source], { env, stdio: "inherit" });
    expect((await once(child, "exit"))[0]).toBe(code);
    expect(receiver.requests.map(({ path }) => path)).toEqual(["/healthz"]);
  }
});

test("two gateways share a database, and start once it is there", () => {
  const gateways = Object.entries(compose.services).filter(([, { build }]) => build !== undefined);
  expect(gateways.map(([name]) => name)).toEqual(["gateway-1", "gateway-2"]);
  const options = optionsTable();
  for (const [, { environment = {}, depends_on = {}, stop_grace_period = "" }] of gateways) {
    for (const name of Object.keys(environment)) expect(options).toContain(`\`${name}\``);
    const filled = Object.entries(environment).map(([name, value]) => [
      name,
      // As compose does it: a value that must be given, and one with a default.
      value.replaceAll(/\$\{(\w+)(?::\?[^}]*|:-([^}]*))\}/g, (_, variable: string, fallback?: string) =>
        variable === "SECRETS_KEY" ? `k1:${Buffer.alloc(32, 7).toString("base64")}` : (fallback ?? "secret"),
      ),
    ]);
    const loaded = loadConfig(Object.fromEntries(filled) as Record<string, string>);
    if (!loaded.ok) expect.unreachable(loaded.problems.join());
    const { config } = loaded;
    expect(URL.parse(config.databaseUrl ?? "")?.hostname).toBe("database");
    expect(config.migrate).toBe("auto");
    expect(Number.parseInt(stop_grace_period, 10) * 1_000).toBeGreaterThan(config.shutdownMs);
    expect(Object.keys(depends_on)).toEqual(["database"]);
  }
  expect(compose.services["database"]?.image).toMatch(/^postgres:1[5-8]$/);
  expect(compose.services["database"]?.healthcheck?.test.join(" ")).toContain("pg_isready");
  for (const { networks } of Object.values(compose.services)) {
    for (const network of networks) expect(Object.keys(compose.networks)).toContain(network);
  }
});

test("the load balancer knows both gateways, and nothing else is published", () => {
  const balancer = compose.services["load-balancer"]!;
  const [mounted = ""] = balancer.volumes ?? [];
  const config = textOf(mounted.split(":")[0]!);
  const upstreams = [...config.matchAll(/^ *server ([\w-]+):(\d+) /gm)].map(([, name, port]) => [name, port]);
  expect(upstreams).toEqual([
    ["gateway-1", "8080"],
    ["gateway-2", "8080"],
  ]);
  expect(Object.keys(balancer.depends_on ?? {})).toEqual(["gateway-1", "gateway-2"]);
  const published = Object.entries(compose.services).filter(([, { ports }]) => ports !== undefined);
  expect(published.map(([name, { ports }]) => [name, ports])).toEqual([["load-balancer", ["8080:8080"]]]);
});
