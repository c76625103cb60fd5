import { Client } from "pg";
import { expect, test } from "vitest";

import { parseUrl } from "../../../src/db/postgres/url.ts";

/** To where a client of the package connects, as whom, and with which parameters of the URL. */
const readBy = (url: string): unknown[] =>
  parseUrl(url).hosts.map(({ client }) => {
    const { host, port, user, password, database } = new Client(client);
    return [host, port, user, password, database].join(" ");
  });

const read: readonly (readonly [url: string, clients: readonly string[]])[] = [
  ["postgres://u:p@h/db", ["h 5432 u p db"]],
  ["postgresql://u:p@h:6000/db?application_name=a", ["h 6000 u p db"]],
  ["postgres://u:p@h1:5432,h2:5433/db?target_session_attrs=read-write", ["h1 5432 u p db", "h2 5433 u p db"]],
  ["postgres://u:p@h1,h2:5433,h3/db", ["h1 5432 u p db", "h2 5433 u p db", "h3 5432 u p db"]],
  ["postgres://u:p@[::1]:6000,127.0.0.1/db", ["::1 6000 u p db", "127.0.0.1 5432 u p db"]],
  // What the query says goes before.
  ["postgres://u:p@/db?host=h1,h2&port=6000,6001", ["h1 6000 u p db", "h2 6001 u p db"]],
  ["postgres://u:p@/db?host=h1,h2&port=6000", ["h1 6000 u p db", "h2 6000 u p db"]],
  ["postgres://u:p@h0:6000/db?host=h1", ["h1 6000 u p db"]],
  ["postgres://u:p@/db?host=/run/a,/run/b", ["/run/a 5432 u p db", "/run/b 5432 u p db"]],
  ["postgres://u:p@%2Frun%2Fa/db", ["/run/a 5432 u p db"]],
  ["postgres:///db?user=u&password=p&port=6000", ["localhost 6000 u p db"]],
  // Commas and the like in a password are no hosts.
  ["postgres://u:a,b:6000,c@h1,h2/db", ["h1 5432 u a,b:6000,c db", "h2 5432 u a,b:6000,c db"]],
  ["postgres://u:a%2Cb%40h0%2F%25@h1,h2/db", ["h1 5432 u a,b@h0/% db", "h2 5432 u a,b@h0/% db"]],
  ["postgres://u:a@b@h1,h2/db", ["h1 5432 u a@b db", "h2 5432 u a@b db"]],
];

test.for(read)("%s leads where libpq would go", ([url, clients]) => {
  expect(readBy(url)).toEqual(clients);
});

test("with TLS each host has to show a certificate of its own name, and all else holds for each", () => {
  const { hosts, prepares, mayBePlain } = parseUrl(
    "postgres://u@h1,h2/db?sslmode=verify-full&prepare=false&options=-c%20a=b",
  );
  expect([prepares, mayBePlain]).toEqual([false, false]);
  for (const { name, client } of hosts) {
    const { host, ssl } = new Client(client);
    // What is verified is the name that is connected to, unless it is told another one.
    expect([host, ssl]).toEqual([name, {}]);
    expect(new URL(client.connectionString ?? "").searchParams.get("options")).toBe("-c a=b");
  }
});

test("only who asks for any server gets one that cannot be written", () => {
  const takesStandby = (target: string): boolean => parseUrl(`postgres://h/db${target}`).takesStandby;
  expect(["", "?target_session_attrs=read-write", "?target_session_attrs=primary"].map(takesStandby)).toEqual(
    Array.from({ length: 3 }, () => false),
  );
  expect(takesStandby("?target_session_attrs=any")).toBe(true);
});

test.for([
  ["mysql://h/db", /of the form/],
  ["h1,h2", /of the form/],
  ["postgres://u:p@h1:one/db", /of the form/],
  ["postgres://h1,,h2/db", /one of them is empty/],
  ["postgres://h1:0/db", /ports from 1 to 65535/],
  ["postgres:///db?host=h1,h2&port=1,2,3", /one port for all hosts/],
  ["postgres://h1/db?target_session_attrs=standby", /read-write, primary or any/],
] as const)("%s is refused", ([url, problem]) => {
  expect(() => parseUrl(url)).toThrow(problem);
});
