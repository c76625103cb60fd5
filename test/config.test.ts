import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { type Config, loadConfig, optionsHelp, optionsTable } from "../src/config.ts";

const configOf = (environment: Record<string, string>): Config => {
  const loaded = loadConfig(environment);
  if (!loaded.ok) throw new Error(loaded.problems.join("; "));
  return loaded.config;
};

const problemsOf = (environment: Record<string, string>): string[] => {
  const loaded = loadConfig(environment);
  return loaded.ok ? [] : loaded.problems;
};

const key = `k1:${Buffer.alloc(32, 7).toString("base64")}`;

test("nothing has to be set", () => {
  const { trustedProxies, ...config } = configOf({});
  expect(trustedProxies.isEmpty).toBe(true);
  expect(config).toEqual({
    host: "0.0.0.0",
    port: 8080,
    ingestHost: null,
    publicUrl: "http://localhost:8080",
    dataDir: "./data",
    databaseUrl: null,
    migrate: "refuse",
    role: "all",
    secretsKeys: null,
    egressAllow: [],
    headerPrefix: "krafter",
    bodyLimitBytes: 262_144,
    ingestBytesMax: 64 * 1024 * 1024,
    diskFreeBytesMin: 1024 ** 3,
    rateLimitPerMinute: 1_000,
    deliveryTimeoutMs: 15_000,
    shutdownMs: 20_000,
    stripeToleranceSeconds: 300,
    anonymousSessions: false,
    signUp: "closed",
    metricsToken: null,
    logLevel: "info",
    logFormat: "auto",
  });
});

const read: [name: string, text: string, key: keyof Config, value: unknown][] = [
  ["HOST", "::", "host", "::"],
  ["PORT", "0", "port", 0],
  ["INGEST_HOST", "in.example.com", "ingestHost", "in.example.com"],
  ["PUBLIC_URL", "https://hooks.example.com/", "publicUrl", "https://hooks.example.com"],
  ["PUBLIC_URL", "https://example.com/hooks//", "publicUrl", "https://example.com/hooks"],
  ["DATA_DIR", "/var/lib/postern", "dataDir", "/var/lib/postern"],
  ["MIGRATE", "auto", "migrate", "auto"],
  ["SECRETS_KEY", key, "secretsKeys", [{ id: "k1", key: Buffer.alloc(32, 7) }]],
  ["EGRESS_ALLOW", " 10.0.0.0/8, *.lan ,,", "egressAllow", ["10.0.0.0/8", "*.lan"]],
  ["HEADER_PREFIX", "Acme", "headerPrefix", "acme"],
  ["BODY_LIMIT_BYTES", "1048576", "bodyLimitBytes", 1_048_576],
  ["INGEST_BYTES_MAX", "1073741824", "ingestBytesMax", 1_073_741_824],
  ["DISK_FREE_MIN_BYTES", "0", "diskFreeBytesMin", 0],
  ["RATE_LIMIT_PER_MINUTE", "0", "rateLimitPerMinute", 0],
  ["DELIVERY_TIMEOUT_SECONDS", "30", "deliveryTimeoutMs", 30_000],
  ["SHUTDOWN_SECONDS", "0", "shutdownMs", 0],
  ["STRIPE_TOLERANCE_SECONDS", "600", "stripeToleranceSeconds", 600],
  ["ANONYMOUS_SESSIONS", "on", "anonymousSessions", true],
  ["ANONYMOUS_SESSIONS", "OFF", "anonymousSessions", false],
  ["SIGN_UP", "Open", "signUp", "open"],
  ["METRICS_TOKEN", "m3trics", "metricsToken", "m3trics"],
  ["LOG_LEVEL", "DEBUG", "logLevel", "debug"],
  ["LOG_FORMAT", "text", "logFormat", "text"],
];

test.for(read)("%s=%s is read as %s", ([name, text, at, value]) => {
  expect(configOf({ [name]: text })[at]).toEqual(value);
});

test("the proxies that are trusted are ranges and addresses", () => {
  const { trustedProxies } = configOf({ TRUSTED_PROXIES: "10.0.0.0/8, fd00::1" });
  expect(["10.1.2.3", "fd00::1", "11.0.0.1"].map((address) => trustedProxies.has(address))).toEqual([
    true,
    true,
    false,
  ]);
});

test("the public URL follows the port until it is set itself", () => {
  expect(configOf({ PORT: "9000" }).publicUrl).toBe("http://localhost:9000");
  expect(configOf({ PORT: "9000", PUBLIC_URL: "https://example.com" }).publicUrl).toBe("https://example.com");
});

test.for(read)("an empty %s counts as unset", ([name, , at]) => {
  expect(configOf({ [name]: " " })[at]).toEqual(configOf({})[at]);
});

const refused: [name: string, text: string, problem: RegExp][] = [
  ["HOST", "a b", /^HOST must be/],
  ["PORT", "65536", /^PORT must be a whole number from 0 to 65535$/],
  ["PORT", "80.5", /^PORT must be/],
  ["PORT", "0x50", /^PORT must be/],
  ["INGEST_HOST", "https://in.example.com", /^INGEST_HOST must be a host name/],
  ["PUBLIC_URL", "ftp://example.com", /^PUBLIC_URL must be an http or https URL/],
  ["PUBLIC_URL", "https://user:pass@example.com", /^PUBLIC_URL must be/],
  ["PUBLIC_URL", "https://example.com/?a=b", /^PUBLIC_URL must be/],
  ["PUBLIC_URL", "example.com", /^PUBLIC_URL must be/],
  ["DATABASE_URL", "mysql://localhost/postern", /^DATABASE_URL must be of the form postgres:/],
  ["DATABASE_URL", "postgres://u:p/w@db/postern", /^DATABASE_URL must be of the form postgres:/],
  ["DATABASE_URL", "postgres://a,,b/postern", /^DATABASE_URL must name each of its hosts/],
  ["DATABASE_URL", "postgres:///postern?host=a,b,c&port=1,2", /^DATABASE_URL must give one port for all hosts/],
  ["DATABASE_URL", "postgres://a:70000,b/postern", /^DATABASE_URL must give ports from 1 to 65535/],
  ["DATABASE_URL", "postgres://a/postern?target_session_attrs=standby", /^DATABASE_URL must have read-write, primary/],
  ["DATABASE_URL", "postgres://a:5432,b/postern", /^SECRETS_KEY must be set when DATABASE_URL is/],
  ["DATABASE_URL", "postgres://localhost/postern", /^SECRETS_KEY must be set when DATABASE_URL is; .*secrets new/],
  ["MIGRATE", "yes", /^MIGRATE must be one of refuse, auto$/],
  ["SECRETS_KEY", "k1:short", /^SECRETS_KEY cannot be read: key 1 is not of the form/],
  ["SECRETS_KEY", `${key},${key}`, /^SECRETS_KEY cannot be read: two keys have the same id/],
  ["TRUSTED_PROXIES", "10.0.0.0/33", /^TRUSTED_PROXIES cannot be read: "10\.0\.0\.0\/33"/],
  ["HEADER_PREFIX", "x y", /^HEADER_PREFIX must be/],
  ["BODY_LIMIT_BYTES", "0", /^BODY_LIMIT_BYTES must be/],
  ["BODY_LIMIT_BYTES", "256k", /^BODY_LIMIT_BYTES must be/],
  ["BODY_LIMIT_BYTES", "100000000", /^BODY_LIMIT_BYTES must not be greater than INGEST_BYTES_MAX/],
  ["DELIVERY_TIMEOUT_SECONDS", "0", /^DELIVERY_TIMEOUT_SECONDS must be/],
  ["STRIPE_TOLERANCE_SECONDS", "-1", /^STRIPE_TOLERANCE_SECONDS must be/],
  ["SIGN_UP", "perhaps", /^SIGN_UP must be one of closed, open/],
  ["METRICS_TOKEN", "two words", /^METRICS_TOKEN must be/],
  ["LOG_LEVEL", "loud", /^LOG_LEVEL must be one of debug, info, warn, error, silent$/],
  ["LOG_FORMAT", "xml", /^LOG_FORMAT must be one of/],
];

test.for(refused)("%s=%s is refused with a sentence", ([name, text, problem]) => {
  const problems = problemsOf({ [name]: text });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(problem);
});

test("all problems are told at once", () => {
  const problems = problemsOf({ BODY_LIMIT_BYTES: "none", LOG_LEVEL: "loud", MIGRATE: "yes" });
  expect(problems.map((problem) => problem.split(" ")[0])).toEqual(["MIGRATE", "BODY_LIMIT_BYTES", "LOG_LEVEL"]);
});

test("a problem never shows a secret", () => {
  const problems = problemsOf({
    DATABASE_URL: "mysql://postern:s3cr3t@db/postern",
    SECRETS_KEY: "k1:s3cr3t",
    METRICS_TOKEN: "s3cr3t s3cr3t",
  });
  expect(problems).toHaveLength(3);
  expect(problems.join()).not.toContain("s3cr3t");
});

test.for([
  "mysql://postern:s3cr3t@db/postern",
  "postgres://postern:s3cr3t/more@db/postern",
  "postgres://postern:s3cr3t@a,,b/postern",
  "postgres://postern:s3cr3t@a:0/postern",
  "postgres://postern:s3cr3t@a b/postern",
  "postgres://postern:s3cr3t@a/postern?target_session_attrs=s3cr3t",
])("a problem with where the database is shows nothing of %s", (DATABASE_URL) => {
  const problems = problemsOf({ DATABASE_URL });
  expect(problems).toHaveLength(1);
  expect(problems.join()).not.toContain("s3cr3t");
});

test("the help names every option with its default", () => {
  const help = optionsHelp();
  for (const [name] of read) expect(help).toContain(`\n  ${name}\n`.trimStart());
  expect(help).toContain("Default: http://localhost:$PORT.");
});

test("the README's table of options is the one that the code makes", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, shown] = /<!-- options -->\n([^]*)<!-- \/options -->/.exec(readme) ?? [];
  expect(shown?.trim()).toBe(optionsTable());
});
