import type { Socket } from "node:net";

import { startDatabaseProxy } from "../../support/database-proxy.ts";

/**
 * What becomes of the next COMMIT, whose answer the client never gets:
 *
 * - `written`: the server does it.
 * - `disowned`: the server does it, and the client is told of an error by a way that speaks for itself, and ends.
 * - `cut off`: it never reaches the server, which sees its client go.
 * - `held`: the same, but the server takes its client to be there still.
 * - `unreachable`: as `cut off`, and then nobody reaches the server any more.
 * - `unheard`: the server has it, and the client is gone before it answers.
 * - `late`: it reaches the server when `deliver` is called, and the client is gone.
 * - `adrift`: as `late`, and nobody else reaches the server until `reach` is called.
 * - `on its way`: it never reaches the server, and the client waits until `hangUp`, whatever becomes of the server.
 */
export type Fate =
  | "written"
  | "disowned"
  | "cut off"
  | "held"
  | "unreachable"
  | "unheard"
  | "late"
  | "adrift"
  | "on its way";

/** Stands between a store and its server. */
export type CommitProxy = {
  readonly url: string;
  loseNext(fate: Fate): void;
  readonly lost: number;
  /** From now on no probe reaches the server; `held`: those that do not. */
  holdProbes(): void;
  readonly held: number;
  /** Ends the connections of the probes that were held, and holds no more. */
  releaseProbes(): void;
  /** Lets everybody reach the server again. */
  reach(): void;
  /** Lets the server have a COMMIT that is `late` or `adrift`, and tells what it says. */
  deliver(): Promise<string>;
  /** Ends the connection of a client whose COMMIT was `on its way`. */
  hangUp(): void;
};

/** With `prepare=false`, each statement goes over the wire as its text. */
const commitText = Buffer.from("commit\0");
const probeText = Buffer.from("update schema_migrations");

/** As poolers say it: an error like one of a statement, but for what comes after it. */
const disowning = ((): Buffer => {
  const fields = Buffer.from("SERROR\0C08006\0Mthe connection to the server ended\0\0");
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
})();

/** Starts one in front of a database. It ends with the test. */
export const startCommitProxy = async (databaseUrl: string): Promise<CommitProxy> => {
  let fate: Fate | null = null;
  let isUnreachable = false;
  let lost = 0;
  let waiting: Socket | null = null;
  let held: Socket[] | null = null;
  let late: { readonly server: Socket; readonly message: Buffer } | null = null;

  const lose = (client: Socket, server: Socket, message: Buffer): void => {
    const current = fate;
    fate = null;
    lost += 1;
    if (current === "on its way") {
      waiting = client;
      return;
    }
    if (current === "late" || current === "adrift") late = { server, message };
    if (current === "unheard") server.write(message);
    if (current === "unreachable" || current === "adrift") isUnreachable = true;
    const isDone = current === "written" || current === "disowned";
    if (!isDone) client.destroy();
    if (current === "cut off" || current === "unreachable") server.destroy();
    if (!isDone) return;
    server.write(message);
    server.removeAllListeners("data");
    server.once("data", () => {
      if (current === "disowned") client.end(disowning);
      else client.destroy();
      server.destroy();
    });
  };

  const url = await startDatabaseProxy(databaseUrl, (client, connectServer) => {
    if (isUnreachable) {
      client.destroy();
      return;
    }
    const server = connectServer();
    server.on("data", (message: Buffer) => client.write(message));
    server.on("close", () => {
      if (client !== waiting) client.destroy();
    });
    let isHeld = false;
    client.on("data", (message: Buffer) => {
      if (held !== null && message.includes(probeText)) {
        held.push(client);
        return;
      }
      if (fate === null || !message.includes(commitText)) {
        server.write(message);
        return;
      }
      isHeld = ["held", "late", "adrift", "unheard"].includes(fate);
      lose(client, server, message);
    });
    client.on("close", () => {
      if (!isHeld) server.end();
    });
  });
  url.searchParams.set("prepare", "false");
  return {
    url: url.href,
    loseNext: (next) => {
      fate = next;
    },
    holdProbes: () => {
      held = [];
    },
    get held() {
      return held?.length ?? 0;
    },
    releaseProbes: () => {
      for (const client of held ?? []) client.destroy();
      held = null;
    },
    deliver: async () => {
      const said = Promise.withResolvers<string>();
      late?.server.removeAllListeners("data");
      late?.server.once("data", (message: Buffer) => said.resolve(message.toString("latin1")));
      late?.server.write(late.message);
      return said.promise;
    },
    reach: () => {
      isUnreachable = false;
    },
    hangUp: () => waiting?.destroy(),
    get lost() {
      return lost;
    },
  };
};
