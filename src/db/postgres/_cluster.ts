import type { Cluster } from "../cluster.ts";
import { askTwice } from "./_ask-twice.ts";
import { plain, toCommand } from "./_command.ts";
import { createListener } from "./_listener.ts";
import { durableSql } from "./_mark.ts";
import { createSession, type SessionOptions } from "./session.ts";

const rowsMax = 10_000;

/** Longer, and whoever asks has not said in time that it is alive. */
const answerMsMax = 4_000;

/** What was taken must not be free again after the server's crash. */
const begin = plain(
  `select ${durableSql}, set_config('statement_timeout', '${answerMsMax - 500}', true),
     set_config('lock_timeout', '2000', true)`,
);

/** What is opened beside the store's other connections, and closed with them. */
export type OpenCluster = Cluster & { close(): Promise<void> };

/** Opens nothing until it is used. */
export const createCluster = (options: Omit<SessionOptions, "rowsMax" | "answerMsMax">): OpenCluster => {
  const session = createSession({ ...options, rowsMax, answerMsMax });
  // Calls have a connection of their own: each waits for the server's one lock on all calls.
  const calls = createSession({ ...options, rowsMax, answerMsMax });
  return {
    // Whatever is asked here may be asked twice.
    query: async (sql, parameters = []) =>
      (await askTwice(session, [begin, toCommand(sql, parameters)]))[1]?.rows ?? [],
    notify: async (channel, payload) => {
      await calls.run([toCommand("select pg_notify(?, ?)", [channel, payload])]);
    },
    listen: (channels, onCall) => createListener(options, channels, onCall),
    close: async () => {
      await Promise.all([session.close(), calls.close()]);
    },
  };
};
