import { Client, type ClientConfig } from "pg";

import type { Clock } from "../../lib/clock.ts";
import { StoreError } from "../store-error.ts";
import { toStoreError } from "./_failure.ts";
import { type Parsed, withoutTls } from "./url.ts";

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

const connect = async (config: ClientConfig, onBroken: () => void): Promise<Client> => {
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
    if (saysStandby) await refuseStandby(client);
    return client;
  } catch (error) {
    abandon(client);
    throw error;
  }
};

/** The package's own words: there is no code. */
const hasNoTls = (error: unknown): boolean =>
  error instanceof Error && error.message === "The server does not support SSL connections";

/**
 * Opens a connection to a server that can be written, as its URL says. `onBroken` is told when it is gone.
 * @throws {StoreError}
 */
export const openClient = async (
  { client: config, mayBePlain }: Pick<Parsed, "client" | "mayBePlain">,
  onBroken: () => void,
): Promise<Client> => {
  try {
    return await connect(config, onBroken);
  } catch (error) {
    if (!mayBePlain || !hasNoTls(error)) throw toStoreError(error);
  }
  try {
    return await connect(withoutTls(config), onBroken);
  } catch (error) {
    throw toStoreError(error);
  }
};
