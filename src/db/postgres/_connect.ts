import { Client, type ClientConfig } from "pg";

import type { Clock } from "../../lib/clock.ts";
import { StoreError } from "../store-error.ts";
import { toStoreError } from "./_failure.ts";
import { type Host, type Parsed, withoutTls } from "./url.ts";

const connectMsMax = 5_000;
const goodbyeMsMax = 1_000;
/** The network forgets connections that are silent for minutes. */
const keepAliveMs = 10_000;

/** Closes a connection without a word. */
export const abandon = ({ connection }: Client): void => {
  connection.stream.destroy();
};

/** Closes a connection. A server that says nothing any more does not say goodbye either. */
export const end = async (client: Client, clock: Pick<Clock, "after">): Promise<void> => {
  const timer = clock.after(goodbyeMsMax, () => abandon(client));
  await client.end().catch(() => null);
  timer.cancel();
};

/** A parameter that the server reports: at the start, and when it changes. */
type Reported = { readonly parameterName: string; readonly parameterValue: string };

/** The package's types do not know the time limit; it counts for this query alone. */
const isStandby = { text: "select pg_is_in_recovery() as is_standby", query_timeout: connectMsMax };

/**
 * A server that follows another one takes no writes, and what is read there may be old. It says so itself when a connection is opened. But a
 * pooler may repeat what another server had said: so whoever says so is asked. One that does not pass it on is found out by the
 * first write.
 */
const refuseStandby = async (client: Client): Promise<void> => {
  const { rows } = await client.query<{ is_standby: boolean }>(isStandby);
  if (rows[0]?.is_standby !== true) return;
  throw new StoreError(
    "unavailable",
    "PostgreSQL: the server is a standby, which takes no writes; the address has to lead to the primary",
  );
};

/** To which servers, and to what kind of them. */
export type Way = Pick<Parsed, "hosts" | "latest" | "takesStandby" | "mayBePlain">;

type OnBroken = () => void;

const connect = async (config: ClientConfig, { takesStandby }: Way, onBroken: OnBroken): Promise<Client> => {
  const client = new Client({
    ...config,
    connectionTimeoutMillis: connectMsMax,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
  });
  // A connection that breaks while nobody waits for it is opened again when somebody does.
  client.on("error", onBroken);
  client.on("end", onBroken);
  let saysStandby = false;
  client.connection.on("parameterStatus", ({ parameterName, parameterValue }: Reported) => {
    if (parameterName === "in_hot_standby") saysStandby = parameterValue === "on";
  });
  try {
    await client.connect();
    if (saysStandby && !takesStandby) await refuseStandby(client);
    return client;
  } catch (error) {
    abandon(client);
    throw error;
  }
};

/** The package's own words: there is no code. */
const hasNoTls = (error: unknown): boolean =>
  error instanceof Error && error.message === "The server does not support SSL connections";

const openAt = async ({ client: config }: Host, way: Way, onBroken: OnBroken): Promise<Client> => {
  try {
    return await connect(config, way, onBroken);
  } catch (error) {
    if (!way.mayBePlain || !hasNoTls(error)) throw toStoreError(error);
  }
  try {
    return await connect(withoutTls(config), way, onBroken);
  } catch (error) {
    throw toStoreError(error);
  }
};

const hostAt = (hosts: Way["hosts"], number: number): { readonly host: Host; readonly at: number } => {
  const at = number % hosts.length;
  return { host: hosts[at] ?? hosts[0], at };
};

type Failure = { readonly name: string; readonly error: StoreError };

const noneOf = (failures: readonly Failure[]): StoreError => {
  const [only, ...others] = failures;
  if (only !== undefined && others.length === 0) return only.error;
  const isAway = failures.some(({ error }) => error.code === "unavailable");
  const said = failures.map(({ name, error: { message } }) => `${name}: ${message.replace(/^PostgreSQL: /, "")}`);
  const cause = failures.at(-1)?.error;
  return new StoreError(isAway ? "unavailable" : "other", `PostgreSQL: no host can be used; ${said.join("; ")}`, {
    cause,
  });
};

/**
 * Opens a connection as the URL says: to the first host that has a server which can be written, beginning with the one that had it last.
 * `onBroken` is told when it is gone.
 * @throws {StoreError} that names every host and what is wrong with it.
 */
export const openClient = async (way: Way, onBroken: OnBroken): Promise<Client> => {
  const { hosts, latest } = way;
  const failures: Failure[] = [];
  for (const { host, at } of hosts.map((_, index) => hostAt(hosts, latest.at + index))) {
    try {
      const client = await openAt(host, way, onBroken);
      latest.at = at;
      return client;
    } catch (error) {
      failures.push({ name: host.name, error: toStoreError(error) });
    }
  }
  throw noneOf(failures);
};
