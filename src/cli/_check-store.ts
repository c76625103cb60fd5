import { z } from "zod";

import type { Inspection } from "../app/inspect.ts";
import type { Config } from "../config.ts";
import { type Check, fail, ok, warn } from "./_check.ts";
import { askServer } from "./_client.ts";

const about = z.object({ version: z.string(), processId: z.number() });

/** Whether a gateway runs here, and answers. */
export const checkServer = async (socketAddress: string, isLocked: boolean): Promise<readonly Check[]> => {
  const answer = await askServer(socketAddress, "about", {});
  if (answer === null) {
    return isLocked
      ? [
          fail(
            "gateway",
            `a process holds DATA_DIR and does not answer on ${socketAddress}; look at its log, or end it`,
          ),
        ]
      : [ok("gateway", "none runs on this DATA_DIR")];
  }
  const read = about.safeParse(answer.ok ? answer.result : null);
  if (!read.success) return [fail("gateway", "one runs that is of another version; restart it")];
  return [ok("gateway", `version ${read.data.version} runs as process ${read.data.processId}`)];
};

type Store = NonNullable<Inspection["store"]>;

const checkSchema = ({ schemaVersion, schemaVersionNewest }: Store): Check => {
  if (schemaVersion > schemaVersionNewest) {
    return fail(
      "schema",
      `version ${schemaVersion} is newer than ${schemaVersionNewest}, which this program knows; upgrade it`,
    );
  }
  if (schemaVersion < schemaVersionNewest) {
    return warn(
      "schema",
      `version ${schemaVersion}; the next start brings it to ${schemaVersionNewest}, after a backup`,
    );
  }
  return ok("schema", `version ${schemaVersion}`);
};

const checkDamage = ({ damage }: Store): readonly Check[] =>
  damage.length === 0
    ? [ok("integrity", "no damage found")]
    : damage.map((sentence) => fail("integrity", `${sentence}; restore a backup, and look after the disk`));

/** Whether the keys that are given open what is sealed. */
export const checkSecrets = ({ secrets }: Pick<Store, "secrets">): Check => {
  switch (secrets.kind) {
    case "unused":
      return ok("secrets", "none yet");
    case "refused":
      return fail("secrets", secrets.message);
    case "opened":
      return secrets.where === "key file" && secrets.keys > 1
        ? warn("secrets", "a rotation was cut off; `secrets rotate` finishes it")
        : ok("secrets", `the ${secrets.where} opens them`);
  }
};

/** Whether the store is whole, known and readable. */
export const checkStore = ({ store }: Inspection, { dataDir }: Pick<Config, "dataDir">): readonly Check[] => {
  if (store === null) return [ok("store", `there is none in ${dataDir}; the first start makes it`)];
  return [checkSchema(store), ...checkDamage(store), checkSecrets(store)];
};
