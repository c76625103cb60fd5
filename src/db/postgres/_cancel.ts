import { Client } from "pg";

import type { Clock } from "../../lib/clock.ts";
import { abandon } from "./_connect.ts";

/** The server closes the connection as soon as it has read the request. */
const cancelMsMax = 2_000;

/** What the package has, and its types do not tell. */
type Keys = {
  readonly processID: number | null;
  readonly secretKey: number | null;
  readonly sslNegotiation: "postgres" | "direct";
};
type Wire = {
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
  unref(): void;
};

/** A connection of the same kind to the same server, not opened yet. */
const beside = ({ host, port, ssl, sslNegotiation }: Client & Keys): Client & Keys => {
  const config = { host, port, ssl, sslnegotiation: sslNegotiation };
  // The package's types do not know the last one, nor tell of it.
  return new Client(config) as Client & Keys;
};

const request = ({ connection, host, port, ssl, sslNegotiation }: Client & Keys, send: () => void): void => {
  // The package has it, and does not tell.
  const wire = connection as unknown as Wire;
  connection.on("connect", () => {
    if (!ssl) send();
    else if (sslNegotiation !== "direct") wire.requestSsl();
  });
  connection.on("sslconnect", send);
  if (host.startsWith("/")) wire.connect(`${host}/.s.PGSQL.${port}`);
  else wire.connect(port, host);
};

const ask = async (client: Client & Keys, clock: Pick<Clock, "after">): Promise<void> => {
  const { processID, secretKey } = client;
  if (processID === null || secretKey === null) return;
  const canceller = beside(client);
  const { connection } = canceller;
  const over = Promise.withResolvers<void>();
  connection.on("error", () => abandon(canceller));
  connection.on("end", over.resolve);
  const timer = clock.after(cancelMsMax, () => {
    abandon(canceller);
    over.resolve();
  });
  // The same as above.
  const wire = connection as unknown as Wire;
  request(canceller, () => wire.cancel(processID, secretKey));
  wire.unref();
  await over.promise;
  timer.cancel();
};

/**
 * Has the server end what it does for a client that waits no more: it would not notice that the client is gone while it waits
 * itself, for a lock or for a standby, and one that comes again and again would fill it with such waits. Nobody learns whether it
 * came to anything. Resolves when the server has read it, or after a while; never fails, and keeps no process alive.
 */
export const cancelWork = (client: Client, clock: Pick<Clock, "after">): Promise<void> =>
  // The package has these, and does not tell. What cannot be asked is not asked.
  ask(client as Client & Keys, clock).catch(() => undefined);
