import type { Kysely } from "kysely";

import type { Clock } from "../../lib/clock.ts";
import { createSystemRandom } from "../../lib/random.ts";
import { createKysely } from "../kysely.ts";
import { migrations } from "../migrations.ts";
import type { Store } from "../store.ts";
import { toCommand } from "./_command.ts";
import { checkServer, type UnsafeSetting } from "./_server.ts";
import { versionOf } from "./migrate.ts";
import { createSession } from "./session.ts";
import { parseUrl } from "./url.ts";

const answerMsMax = 10_000;
const rowsMax = 1_000;

/** A look at a database. It changes nothing, and disturbs no gateway that runs on it. */
export type DatabaseInspection = {
  /** 0: the database is empty. */
  readonly schemaVersion: number;
  /** The schema that this program would bring it to. */
  readonly schemaVersionNewest: number;
  readonly unsafeSettings: readonly UnsafeSetting[];
  readonly store: Pick<Store, "lookup">;
  close(): Promise<void>;
};

/** Connects to a database for reading only. @throws {StoreError} when it cannot be reached, or is none that can be used. */
export const inspectPostgres = async (url: string, clock: Pick<Clock, "after">): Promise<DatabaseInspection> => {
  const session = createSession({ ...parseUrl(url), clock, random: createSystemRandom(), rowsMax, answerMsMax });
  try {
    const kysely = createKysely("postgres", async (sql, parameters) => {
      const [result] = await session.run([toCommand(sql, parameters)]);
      return result ?? { rows: [], changes: 0 };
    });
    return {
      unsafeSettings: await checkServer(session),
      schemaVersion: await versionOf(session),
      schemaVersionNewest: migrations.at(-1)?.version ?? 0,
      // Rooms type their own tables; the connection is the same for all.
      store: { lookup: <Tables>() => kysely as Kysely<Tables> },
      close: () => session.close(),
    };
  } catch (error) {
    await session.close();
    throw error;
  }
};
