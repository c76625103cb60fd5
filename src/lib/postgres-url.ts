/** A server that the URL of a database names. */
export type PostgresHost = {
  /** As the URL writes it, for people. */
  readonly name: string;
  /** The URL of the database on this one alone. */
  readonly url: string;
};

/** What the URL of a database says of where it is. */
export type PostgresPlace = {
  readonly hosts: readonly [PostgresHost, ...PostgresHost[]];
  /** `/postern` */
  readonly path: string;
  /** `target_session_attrs=any`: also a server that takes no writes. */
  readonly takesStandby: boolean;
};

type Parts = { readonly user: string; readonly authority: string; readonly path: string; readonly query: string };
type Address = { readonly host: string; readonly port: string };

const form =
  "must be of the form postgres://user:password@host:port/database, or name several as host1:port1,host2:port2";

/** What is wrong is said without what was given: there is a password in it. */
const partsOf = (text: string): Parts => {
  const found = /^postgres(?:ql)?:\/\/([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?$/.exec(text);
  if (found === null) throw new Error(form);
  const [, authority = "", path = "", query = ""] = found;
  // A password may have commas, as well as what stands for a host.
  const userEnd = authority.lastIndexOf("@") + 1;
  return { user: authority.slice(0, userEnd), authority: authority.slice(userEnd), path, query };
};

const addressOf = (text: string): Address => {
  const found = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d*))?$/.exec(text);
  if (found === null) throw new Error(form);
  const [, host = "", port = ""] = found;
  return { host, port };
};

const isPort = (text: string): boolean =>
  text === "" || (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535);

/** As libpq pairs them: `host` and `port` of the query go before what stands in front of the path. */
const pair = (authority: string, parameters: URLSearchParams): readonly Address[] => {
  const written = authority.split(",").map(addressOf);
  const hosts = parameters.get("host")?.split(",") ?? written.map(({ host }) => host);
  const ports = parameters.get("port")?.split(",") ?? written.map(({ port }) => port);
  if (![1, hosts.length].includes(ports.length)) throw new Error("must give one port for all hosts, or one for each");
  if (!ports.every(isPort)) throw new Error("must give ports from 1 to 65535");
  if (hosts.length > 1 && hosts.includes("")) throw new Error("must name each of its hosts: one of them is empty");
  return hosts.map((host, at) => ({ host, port: ports[ports.length === 1 ? 0 : at] ?? "" }));
};

const withPort = ({ host, port }: Address): string => (port === "" ? host : `${host}:${port}`);

/** What only the query can say, the path of a socket or the port of no name, stays there. */
const urlAt = ({ user, path }: Parts, parameters: URLSearchParams, address: Address): string => {
  const { host, port } = address;
  const own = new URLSearchParams(parameters);
  own.delete("port");
  const isInQuery = own.has("host");
  if (isInQuery) own.set("host", host);
  if ((isInQuery || host === "") && port !== "") own.set("port", port);
  const query = own.size === 0 ? "" : `?${own.toString()}`;
  const authority = isInQuery ? "localhost" : host && withPort(address);
  const url = URL.parse(`postgres://${user}${authority}${path}${query}`);
  if (url === null) throw new Error(form);
  return url.href;
};

/** Servers that take writes have these two names; we take either for the other. */
const targets: ReadonlySet<string> = new Set(["any", "read-write", "primary"]);

/**
 * Reads where a database is, in libpq's form: one host or several, of which one is to be used.
 * @throws {Error} with what the URL has to be like; nothing of the URL is in it.
 */
export const parsePostgresPlace = (text: string): PostgresPlace => {
  const parts = partsOf(text);
  const parameters = new URLSearchParams(parts.query);
  const target = parameters.get("target_session_attrs") ?? "read-write";
  if (!targets.has(target)) throw new Error("must have read-write, primary or any as target_session_attrs");
  parameters.delete("target_session_attrs");
  const [first, ...others] = pair(parts.authority, parameters).map((address) => ({
    name: withPort(address),
    url: urlAt(parts, parameters, address),
  }));
  if (first === undefined) throw new Error(form);
  return { hosts: [first, ...others], path: parts.path, takesStandby: target === "any" };
};
