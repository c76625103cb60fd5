import { parseArgs } from "node:util";

/** What can be measured. */
export const partLetters = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"] as const;

export type PartLetter = (typeof partLetters)[number];

/** What to measure, and how long. */
export type Options = {
  readonly parts: ReadonlySet<PartLetter>;
  readonly engine: "sqlite" | "postgres";
  readonly rounds: number;
  /** Of each measurement of throughput; as long again is not counted, up to a bound, so that the code is warm. */
  readonly seconds: number;
  readonly connections: number;
  /** Events in the store that is not empty. */
  readonly storedEvents: number;
  readonly backlogDeliveries: number;
  /** Events that retention has to remove. */
  readonly expiredEvents: number;
  /** Of the open loop, and of full load. */
  readonly openSeconds: number;
  readonly fullSeconds: number;
  readonly jsonPath: string | null;
  readonly profileDirectory: string | null;
  /** Where stores are made. Null: a temporary directory. */
  readonly directory: string | null;
};

export const usage = `npm run bench -- [PART…] [options]

  PART            any of a b c d e f g h i j k l m n; default: all. What a share is taken of is measured, too.
    a             the bare limit: node:http, one HMAC, an append with grouped fdatasync
    b             ingest, no destination
    c             ingest, delivered to one destination, recorded
    d             2,000 events/s whatever the answers: latency until accepted, and until delivered
    e             c, with many events in the store
    f             memory, with 200,000 deliveries waiting for dead destinations
    g             a minute at full load
    h             lists, filters, pages and search, with many events in the store
    i             from the start until ready, with an empty store and with many events
    j             b, from a source that also looks for repeats and at a JSON Schema
    k             retention beside 2,000 events/s
    l             c with sixteen destinations, by two gateways and by one; PostgreSQL only
    m             c, with two connections that filter by the body, of which each event passes one; sqlite only
    n             c, with a transform of every event; sqlite only
  --engine NAME   sqlite (default) or postgres: a server of the run's own
  --events N      events in the store that has many (1,000,000; PostgreSQL: 5,000,000)
  --rounds N      rounds of a, b, c, e, j, m, n, d, i and l (3)
  --seconds N     length of one measurement of a, b, c, e, j, m, n, l (4)
  --connections N connections that send (64)
  --quick         50,000 events, 20,000 deliveries, one round, short times
  --json FILE     writes all figures, those of each round, too
  --profile DIR   runs the gateway with --cpu-prof; profiles go to DIR
  --dir DIR       where stores are made (the system's temporary directory)
`;

/** A mistake on the command line. */
export class OptionsError extends Error {
  override readonly name = "OptionsError";
  readonly code = "invalid_options";
}

const whole = (name: string, text: string | undefined, byDefault: number, max: number): number => {
  const value = text === undefined ? byDefault : Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new OptionsError(`--${name} must be a whole number from 1 to ${max}`);
};

const isPart = (text: string): text is PartLetter => partLetters.some((letter) => letter === text);

/** What the share of a part is taken of. */
const bases: Partial<Record<PartLetter, readonly PartLetter[]>> = {
  b: ["a"],
  c: ["a"],
  e: ["a", "c"],
  j: ["a", "b"],
  m: ["a", "c"],
  n: ["a", "c"],
};

/** What takes several gateways on one store. */
const ofPostgres: readonly PartLetter[] = ["l"];

/** What is written into the file of the embedded store. */
const ofSqlite: readonly PartLetter[] = ["m", "n"];

const readEngine = (text: string): Options["engine"] => {
  if (text === "sqlite" || text === "postgres") return text;
  throw new OptionsError("--engine must be sqlite or postgres");
};

const partsOf = (texts: readonly string[], engine: Options["engine"]): ReadonlySet<PartLetter> => {
  const others = engine === "postgres" ? ofSqlite : ofPostgres;
  const possible = partLetters.filter((part) => !others.includes(part));
  const unknown = texts.filter((text) => !isPart(text));
  if (unknown.length > 0) throw new OptionsError(`there is no part ${unknown.join(", ")}`);
  const asked = texts.length === 0 ? possible : texts.filter(isPart);
  const impossible = asked.filter((part) => !possible.includes(part));
  if (impossible.length > 0) throw new OptionsError(`${impossible.join(", ")} needs another --engine`);
  return new Set(asked.flatMap((part) => [...(bases[part] ?? []), part]));
};

const full = {
  rounds: 3,
  seconds: 4,
  storedEvents: { sqlite: 1_000_000, postgres: 5_000_000 },
  backlogDeliveries: 200_000,
  expiredEvents: 400_000,
  openSeconds: 10,
  fullSeconds: 60,
};
const quick = {
  rounds: 1,
  seconds: 2,
  storedEvents: { sqlite: 50_000, postgres: 50_000 },
  backlogDeliveries: 20_000,
  expiredEvents: 100_000,
  openSeconds: 4,
  fullSeconds: 20,
};

/** Reads the command line. Null: help was asked for. @throws {OptionsError} */
export const readOptions = (args: readonly string[]): Options | null => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      engine: { type: "string", default: "sqlite" },
      events: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      connections: { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      profile: { type: "string" },
      dir: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const defaults = values.quick ? quick : full;
  const engine = readEngine(values.engine);
  return {
    ...defaults,
    engine,
    parts: partsOf(positionals, engine),
    storedEvents: whole("events", values.events, defaults.storedEvents[engine], 100_000_000),
    rounds: whole("rounds", values.rounds, defaults.rounds, 20),
    seconds: whole("seconds", values.seconds, defaults.seconds, 60),
    connections: whole("connections", values.connections, 64, 1_000),
    jsonPath: values.json ?? null,
    profileDirectory: values.profile ?? null,
    directory: values.dir ?? null,
  };
};
