import type { Config } from "../config.ts";
import { checkSecrets } from "./_check-store.ts";
import { type Check, fail, ok, warn } from "./_check.ts";

/** Whether the database can be reached, is durable, and has a schema that this program knows. */
export const checkDatabase = async (url: string, config: Config): Promise<readonly Check[]> => {
  const { inspectDatabase } = await import("../app/inspect-database.ts");
  const { schemaVersion, schemaVersionNewest, unsafeSettings, secrets } = await inspectDatabase(url, config);
  return [
    ok("database", "it answers"),
    ...unsafeSettings.map((name) =>
      fail("durability", `the server runs with ${name}=off: a crash of its machine loses events; switch it on`),
    ),
    checkVersion(schemaVersion, schemaVersionNewest),
    checkSecrets({ secrets }),
  ];
};

const checkVersion = (version: number, newest: number): Check => {
  if (version === 0) return ok("schema", "the database is empty; the first start fills it");
  if (version > newest + 1) return fail("schema", `version ${version}, and this program knows ${newest}; upgrade it`);
  if (version > newest) return warn("schema", `version ${version} is one ahead of this program; upgrade it`);
  if (version === newest) return ok("schema", `version ${version}`);
  return warn("schema", `version ${version}; \`migrate\` brings it to ${newest}, as MIGRATE=auto does`);
};
