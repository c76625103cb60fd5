import type { ClientConfig } from "pg";

/** How to connect, and what the URL says beside that. */
export type Parsed = {
  readonly client: ClientConfig;
  /** `prepare=false` turns named statements off, for poolers that do not know them (PgBouncer before 1.21). */
  readonly prepares: boolean;
  /** `sslmode=prefer` and `allow`: a server without TLS is taken, too. */
  readonly mayBePlain: boolean;
};

/**
 * Reads a database's URL. Its parameters are libpq's (`sslmode`, `sslrootcert`, `application_name`, `options`, …), and mean
 * what they mean there, but for one: without `sslmode` there is no TLS.
 */
export const parseUrl = (text: string): Parsed => {
  const url = new URL(text);
  const { searchParams } = url;
  const prepares = searchParams.get("prepare") !== "false";
  searchParams.delete("prepare");
  const mayBePlain = ["prefer", "allow"].includes(searchParams.get("sslmode") ?? "");
  if (mayBePlain) searchParams.set("sslmode", "prefer");
  if (!searchParams.has("application_name")) searchParams.set("application_name", "postern");
  // Otherwise the package takes `require` for `verify-full`.
  searchParams.set("uselibpqcompat", "true");
  return { client: { connectionString: url.href }, prepares, mayBePlain };
};

/** The same without TLS. */
export const withoutTls = ({ connectionString = "" }: ClientConfig): ClientConfig => {
  const url = new URL(connectionString);
  url.searchParams.set("sslmode", "disable");
  return { connectionString: url.href };
};
