import { StoreError } from "../store-error.ts";
import type { Session } from "./session.ts";

const versionMin = 15;

/** A setting of the server under which a crash of its machine loses or damages what was acknowledged. */
export type UnsafeSetting = "fsync" | "full_page_writes";

const unsafeSettings: readonly UnsafeSetting[] = ["fsync", "full_page_writes"];

const sql = `select current_setting('server_version_num')::integer / 10000 as version,
  current_setting('server_encoding') as encoding, current_setting('fsync') as fsync,
  current_setting('full_page_writes') as full_page_writes`;

/**
 * Looks at the server before anything is done there.
 * @throws {StoreError} when it is too old, or its database cannot hold every text.
 */
export const checkServer = async (session: Session): Promise<readonly UnsafeSetting[]> => {
  const [result] = await session.run([{ text: sql, values: [] }]);
  const { version, encoding, ...settings } = result?.rows[0] ?? {};
  if (Number(version) < versionMin) {
    throw new StoreError("other", `the server runs PostgreSQL ${String(version)}; use ${versionMin} or newer`);
  }
  if (encoding !== "UTF8") {
    throw new StoreError("other", `the database's encoding is ${String(encoding)}; make one with encoding UTF8`);
  }
  return unsafeSettings.filter((name) => settings[name] !== "on");
};
