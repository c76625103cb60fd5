import { z } from "zod";

import { type AddressSet, createAddressSet } from "./lib/ip.ts";
import {
  type Environment,
  loadOptions,
  type Options,
  optionsHelp as helpOf,
  optionsTable as tableOf,
} from "./lib/options.ts";
import { parsePostgresPlace } from "./lib/postgres-url.ts";
import { parseSealingKeys, type SealingKey } from "./lib/sealing.ts";

/** Everything that an operator decides. What each one means stands in the table of options below. */
export type Config = {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly ingestHost: string | null;
  /** Without a slash at its end. */
  readonly publicUrl: string;
  readonly dataDir: string;
  /** null: the embedded store. */
  readonly databaseUrl: string | null;
  readonly migrate: "refuse" | "auto";
  readonly role: "all" | "api" | "ingest" | "worker";
  /** The first one seals. null: those of the key file. */
  readonly secretsKeys: readonly [SealingKey, ...SealingKey[]] | null;
  readonly egressAllow: readonly string[];
  readonly trustedProxies: AddressSet;
  /** In lower case. */
  readonly headerPrefix: string;
  readonly bodyLimitBytes: number;
  readonly ingestBytesMax: number;
  readonly diskFreeBytesMin: number;
  /** 0: no limit. */
  readonly rateLimitPerMinute: number;
  readonly deliveryTimeoutMs: number;
  readonly shutdownMs: number;
  readonly stripeToleranceSeconds: number;
  readonly anonymousSessions: boolean;
  readonly metricsToken: string | null;
  readonly signUp: "closed" | "open";
  readonly logLevel: "debug" | "info" | "warn" | "error" | "silent";
  readonly logFormat: "auto" | "json" | "text";
};

/** A value that `read` finds in a text. Where it finds none, the message says what the text has to be. */
const reading = <Value>(message: string, read: (text: string) => Value | undefined): z.ZodType<Value, string> =>
  z.string().transform((text, context) => {
    const value = read(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });

const whole = (min: number, max: number): z.ZodType<number, string> =>
  reading(`must be a whole number from ${min} to ${max}`, (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  });

const oneOf = <Word extends string>(...words: Word[]): z.ZodType<Word, string> =>
  reading(`must be one of ${words.join(", ")}`, (text) => words.find((word) => word === text.toLowerCase()));

const matching = (message: string, pattern: RegExp): z.ZodType<string, string> =>
  reading(message, (text) => (pattern.test(text) ? text : undefined));

const entries = (text: string): string[] =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");

const webAddress = (text: string): string | undefined => {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  const isBare = url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  return isBare ? url.href.replace(/\/+$/, "") : undefined;
};

const orProblem = <Value>(read: (text: string) => Value, prefix = ""): z.ZodType<Value, string> =>
  z.string().transform((text, context) => {
    try {
      return read(text);
    } catch (error) {
      // These readers say what is wrong without showing a key or a password.
      context.addIssue({
        code: "custom",
        message: `${prefix}${error instanceof Error ? error.message : String(error)}`,
      });
      return z.NEVER;
    }
  });

const unreadable = "cannot be read: ";

const postgresUrl = orProblem((text) => {
  parsePostgresPlace(text);
  return text;
});

const seconds = (min: number, max: number): z.ZodType<number, string> =>
  whole(min, max).transform((value) => value * 1_000);

const prefixOf = (text: string): string | undefined =>
  /^[a-z][a-z0-9-]{0,31}$/i.test(text) ? text.toLowerCase() : undefined;

const mebibyte = 1024 * 1024;

/** A body is one string to parse and one value to store; both have bounds not far above this. */
const bodyBytesCeiling = 128 * mebibyte;

const hostName = /^(?!-)[a-z0-9.:_[\]-]{1,253}$/i;

/** The one table of options: it is read, printed by `--help`, and shown in the README. */
const options: Options<Config> = {
  host: {
    name: "HOST",
    default: "0.0.0.0",
    doc: "Address to listen on; `::` for IPv6 and IPv4",
    parse: matching("must be an IP address or a host name", hostName),
  },
  port: {
    name: "PORT",
    default: "8080",
    doc: "Port for ingest, APIs and dashboard; `0` for any free one",
    parse: whole(0, 65_535),
  },
  ingestHost: {
    name: "INGEST_HOST",
    default: null,
    doc: "Second host name that answers at ingest URLs only",
    parse: matching("must be a host name, without scheme and port", /^(?!-)[a-z0-9.-]{1,253}$/i),
  },
  publicUrl: {
    name: "PUBLIC_URL",
    default: "http://localhost:$PORT",
    doc: "What the URLs that the gateway shows are made of",
    parse: reading("must be an http or https URL without query", webAddress),
  },
  dataDir: {
    name: "DATA_DIR",
    default: "./data",
    doc: "Directory of the embedded store, its key file, lock and control socket",
    parse: z.string(),
  },
  databaseUrl: {
    name: "DATABASE_URL",
    default: null,
    doc: "`postgres://…`, of one host or several, replaces the embedded store by PostgreSQL 15 or newer; TLS as `sslmode` says (none: no TLS). `DATA_DIR` is not used then",
    parse: postgresUrl,
  },
  migrate: {
    name: "MIGRATE",
    default: "refuse",
    doc: "What to do at start when a PostgreSQL database needs a migration: `refuse` or `auto`; an empty one is always filled",
    parse: oneOf("refuse", "auto"),
  },
  role: {
    name: "ROLE",
    default: "all",
    doc: "What this node does of it, on PostgreSQL: `all`, `api` (management), `ingest` (events) or `worker` (delivery, replays, retention)",
    parse: oneOf("all", "api", "ingest", "worker"),
  },
  secretsKeys: {
    name: "SECRETS_KEY",
    default: null,
    doc: "Keys that seal stored secrets, `id:base64key[,id:base64key…]`; the first one seals, all open. Unset: a key file in `DATA_DIR`; with `DATABASE_URL` it must be set",
    parse: orProblem(parseSealingKeys, unreadable),
  },
  egressAllow: {
    name: "EGRESS_ALLOW",
    default: "",
    doc: "Addresses, ranges, host names and `*.` patterns that may be reached although private; only these over plain `http://`",
    parse: z.string().transform(entries),
  },
  trustedProxies: {
    name: "TRUSTED_PROXIES",
    default: "",
    doc: "Addresses and ranges of proxies whose forwarding header tells the sender’s address",
    parse: orProblem((text) => createAddressSet(entries(text)), unreadable),
  },
  headerPrefix: {
    name: "HEADER_PREFIX",
    default: "krafter",
    doc: "The middle of the headers that the gateway sends: `x-<prefix>-signature` and others",
    parse: reading("must be letters, digits and dashes", prefixOf),
  },
  bodyLimitBytes: {
    name: "BODY_LIMIT_BYTES",
    default: "262144",
    doc: "Largest body of one event; larger ones are answered 413",
    parse: whole(1, bodyBytesCeiling),
  },
  ingestBytesMax: {
    name: "INGEST_BYTES_MAX",
    default: "67108864",
    doc: "Bytes of all bodies that are being read or wait to be stored, half of it for one source; above it the answer is 503",
    parse: whole(mebibyte, 1024 * 1024 * mebibyte),
  },
  diskFreeBytesMin: {
    name: "DISK_FREE_MIN_BYTES",
    default: "1073741824",
    doc: "Free disk space below which events are answered 503; delivery and retention go on",
    parse: whole(0, 1024 ** 4),
  },
  rateLimitPerMinute: {
    name: "RATE_LIMIT_PER_MINUTE",
    default: "1000",
    doc: "Requests to the management APIs, per team and node; `0` for no limit",
    parse: whole(0, 1_000_000),
  },
  deliveryTimeoutMs: {
    name: "DELIVERY_TIMEOUT_SECONDS",
    default: "15",
    doc: "Time that one delivery attempt may take",
    parse: seconds(1, 60),
  },
  shutdownMs: {
    name: "SHUTDOWN_SECONDS",
    default: "20",
    doc: "Time that attempts under way are given to end when the gateway stops",
    parse: seconds(0, 3_600),
  },
  stripeToleranceSeconds: {
    name: "STRIPE_TOLERANCE_SECONDS",
    default: "300",
    doc: "Greatest age of a Stripe signature",
    parse: whole(1, 86_400),
  },
  anonymousSessions: {
    name: "ANONYMOUS_SESSIONS",
    default: "off",
    doc: "`on`: whoever reaches the API may make test URLs without an account, 10 an hour, which go after two weeks",
    parse: oneOf("on", "off").transform((word) => word === "on"),
  },
  signUp: {
    name: "SIGN_UP",
    default: "closed",
    doc: "Who may sign up: `closed`, whoever is invited; `open`, anybody, each with a team of their own",
    parse: oneOf("closed", "open"),
  },
  metricsToken: {
    name: "METRICS_TOKEN",
    default: null,
    doc: "Bearer token that `/metrics` then asks for",
    parse: matching("must be visible ASCII characters without spaces", /^[\x21-\x7e]{1,512}$/),
  },
  logLevel: {
    name: "LOG_LEVEL",
    default: "info",
    doc: "`debug`, `info`, `warn`, `error` or `silent`",
    parse: oneOf("debug", "info", "warn", "error", "silent"),
  },
  logFormat: {
    name: "LOG_FORMAT",
    default: "auto",
    doc: "`json`, `text`, or `auto`: text on a terminal, JSON elsewhere",
    parse: oneOf("auto", "json", "text"),
  },
};

/** What was read from the environment, or all that is wrong with it. */
export type ConfigResult = { ok: true; config: Config } | { ok: false; problems: string[] };

/** What is right by itself, and wrong together. */
const conflictsIn = ({ bodyLimitBytes, ingestBytesMax, databaseUrl, secretsKeys, role }: Config): string[] => {
  const problems: string[] = [];
  if (bodyLimitBytes > ingestBytesMax) {
    problems.push("BODY_LIMIT_BYTES must not be greater than INGEST_BYTES_MAX: no such body could be read");
  }
  if (databaseUrl === null && role !== "all") {
    problems.push("ROLE must be all without DATABASE_URL: nobody else can do the rest on an embedded store");
  }
  // Every node needs the same keys, and a file belongs to one.
  if (databaseUrl !== null && secretsKeys === null) {
    problems.push('SECRETS_KEY must be set when DATABASE_URL is; "postern secrets new" makes one');
  }
  return problems;
};

/** Reads the environment. Problems name options and what they have to be; they never show a value. */
export const loadConfig = (environment: Environment): ConfigResult => {
  const loaded = loadOptions(options, environment);
  if (!loaded.ok) return loaded;
  const config = loaded.values;
  const problems = conflictsIn(config);
  return problems.length === 0 ? { ok: true, config } : { ok: false, problems };
};

/** All options as a Markdown table. */
export const optionsTable = (): string => tableOf(options);

/** All options as text for `--help`. */
export const optionsHelp = (): string => helpOf(options);
