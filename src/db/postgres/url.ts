import type { ClientConfig } from "pg";

import { parsePostgresPlace, type PostgresHost } from "../../lib/postgres-url.ts";

/** One of the servers that may have the database. */
export type Host = {
  /** As the URL writes it. */
  readonly name: string;
  readonly client: ClientConfig;
};

/** How to connect, and what the URL says beside that. */
export type Parsed = {
  /** One of them is used, and each is tried. */
  readonly hosts: readonly [Host, ...Host[]];
  /** Which of them was used last: the first to be tried by all that connect from now on. */
  readonly latest: { at: number };
  /** `target_session_attrs=any`: a server that takes no writes is used as well. */
  readonly takesStandby: boolean;
  /** `prepare=false` turns named statements off, for poolers that do not know them (PgBouncer before 1.21). */
  readonly prepares: boolean;
  /** `sslmode=prefer` and `allow`: a server without TLS is taken, too. */
  readonly mayBePlain: boolean;
};

type Manner = Pick<Parsed, "prepares" | "mayBePlain">;

const toHost = ({ name, url: text }: PostgresHost): Host & Manner => {
  const url = new URL(text);
  const { searchParams } = url;
  const prepares = searchParams.get("prepare") !== "false";
  searchParams.delete("prepare");
  const mayBePlain = ["prefer", "allow"].includes(searchParams.get("sslmode") ?? "");
  if (mayBePlain) searchParams.set("sslmode", "prefer");
  if (!searchParams.has("application_name")) searchParams.set("application_name", "postern");
  // Otherwise the package takes `require` for `verify-full`.
  searchParams.set("uselibpqcompat", "true");
  return { name, client: { connectionString: url.href }, prepares, mayBePlain };
};

/**
 * Reads a database's URL. Its parameters are libpq's (`sslmode`, `sslrootcert`, `application_name`, `options`,
 * `target_session_attrs`, …), and mean what they mean there, but for two: without `sslmode` there is no TLS, and without
 * `target_session_attrs` the server has to take writes.
 */
export const parseUrl = (text: string): Parsed => {
  const { hosts, takesStandby } = parsePostgresPlace(text);
  const [first, ...others] = hosts;
  const { prepares, mayBePlain, ...host } = toHost(first);
  return { hosts: [host, ...others.map(toHost)], latest: { at: 0 }, takesStandby, prepares, mayBePlain };
};

/** The same without TLS. */
export const withoutTls = ({ connectionString = "" }: ClientConfig): ClientConfig => {
  const url = new URL(connectionString);
  url.searchParams.set("sslmode", "disable");
  return { connectionString: url.href };
};
