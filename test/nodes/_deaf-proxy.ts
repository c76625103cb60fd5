import { startDatabaseProxy } from "../support/database-proxy.ts";

/** A simple query: its letter, its length, its text and a zero byte. */
const isListen = (message: Buffer): boolean => /^Q.{4}listen /is.test(message.toString("latin1"));

const message = (letter: string, body: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(letter), length, body]);
};

/** As a pooler says it, and that it is ready for what comes next. */
const refusal = Buffer.concat([
  message("E", Buffer.from("SERROR\0VERROR\0C0A000\0MLISTEN is not supported here\0\0")),
  message("Z", Buffer.from("I")),
]);

/** Stands between gateways and their database, and lets nobody listen. */
export const startDeafProxy = async (databaseUrl: string): Promise<{ url: string; readonly refused: number }> => {
  let refused = 0;
  const url = await startDatabaseProxy(databaseUrl, (client, connectServer) => {
    const server = connectServer();
    server.pipe(client);
    client.on("data", (data: Buffer) => {
      if (!isListen(data)) {
        server.write(data);
        return;
      }
      refused += 1;
      client.write(refusal);
    });
    client.on("close", () => server.end());
  });
  return {
    url: url.href,
    get refused() {
      return refused;
    },
  };
};
